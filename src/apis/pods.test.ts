import { describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { JsonObject } from "../intake/json-value.ts";
import type { PodReading } from "./reading.ts";
import { readerFor } from "./registry.ts";

interface Row {
  title: string;
  object?: JsonObject;
  spec?: JsonObject;
  labels?: Record<string, string>;
  at?: string;
  hostNetwork?: boolean;
  hostPorts?: string[];
  capabilities?: string[];
  jobTemplate?: Record<string, string>;
  defects?: string[];
}

const table = new URL("../../test/tables/apis/pods.yaml", import.meta.url);
const rows = parse(readFileSync(table, "utf8")) as Row[];

function objectOf({ object, spec, labels }: Row): JsonObject {
  if (object !== undefined) return object;
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "web", labels: labels ?? null }, spec: spec ?? null };
}

function read(object: JsonObject) {
  const { apiVersion, kind } = object as { apiVersion: string; kind: string };
  const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  const reading = readerFor(group, kind)?.read(object);
  if (reading?.pods === undefined) throw new Error("this object has no reader for Pods");
  return { ...reading, pods: reading.pods };
}

function hostPortsInWords({ hostPorts }: PodReading, at: string): string[] {
  return hostPorts.map(({ container, protocol, port, pointer }) => {
    return `${container} ${protocol} ${port} ${pointer.slice(at.length)}`;
  });
}

function capabilitiesInWords({ capabilities }: PodReading, at: string): string[] {
  return capabilities.map(({ container, privileged, added, pointer }) => {
    const names = [...(privileged ? ["privileged"] : []), ...(added.length > 0 ? [added.join(",")] : [])];
    return [container, ...names, pointer.slice(at.length)].join(" ");
  });
}

describe("reading Pods", () => {
  test.each(rows)("$title", (row) => {
    const at = row.at ?? "";
    const { family, pods, jobTemplate, defects } = read(objectOf(row));
    expect(family).toBe("workload");
    expect(jobTemplate?.labels).toEqual(row.jobTemplate);
    expect(defects.map(({ kind, pointer }) => `${kind} ${pointer}`)).toEqual(row.defects ?? []);
    const expected = {
      pointer: `${at}/spec`,
      metadataPointer: `${at}/metadata`,
      labels: row.labels ?? {},
      hostNetwork: row.hostNetwork ?? false,
      hostPorts: row.hostPorts ?? [],
      capabilities: row.capabilities ?? [],
    };
    const found = pods.map((pod) => ({
      pointer: pod.pointer,
      metadataPointer: pod.metadataPointer,
      labels: pod.labels,
      hostNetwork: pod.hostNetwork,
      hostPorts: hostPortsInWords(pod, at),
      capabilities: capabilitiesInWords(pod, at),
    }));
    expect(found).toEqual(at === "none" ? [] : [expected]);
  });

  test("the labels of the object itself are those of its own metadata", () => {
    const metadata = { labels: { team: "shop" } };
    const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "a" }] } };
    expect(read({ apiVersion: "apps/v1", kind: "Deployment", metadata, spec: { template } }).labels).toEqual({
      team: "shop",
    });
    expect(read({ apiVersion: "v1", kind: "Pod", metadata, spec: { containers: [] } }).labels).toEqual({
      team: "shop",
    });
  });

  test("annotations are read", () => {
    const metadata = { annotations: { "sidecar.istio.io/inject": "false" } };
    const [pod] = read({ apiVersion: "v1", kind: "Pod", metadata, spec: { containers: [{ name: "a" }] } }).pods;
    expect(pod?.annotations).toEqual({ "sidecar.istio.io/inject": "false" });
  });

  test("a host port out of range is told with its limits", () => {
    const spec = { containers: [{ name: "a", ports: [{ hostPort: 65_536 }] }] };
    const { defects } = read({ apiVersion: "v1", kind: "Pod", spec });
    expect(defects.map(({ detail }) => detail)).toEqual(["a host port must be between 1 and 65535, not 65536"]);
  });

  test("a job template has the pointer of its metadata", () => {
    const { jobTemplate } = read({ apiVersion: "batch/v1", kind: "CronJob", spec: { jobTemplate: {} } });
    expect(jobTemplate?.pointer).toBe("/spec/jobTemplate/metadata");
  });
});
