import { describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { JsonObject } from "../intake/json-value.ts";
import { namespaceReader } from "./namespace.ts";
import type { ServiceReading } from "./reading.ts";
import { serviceReader } from "./service.ts";

interface Row {
  title: string;
  object: JsonObject;
  labels?: Record<string, string>;
  service?: Partial<ServiceReading>;
  defects?: string[];
}

const url = new URL("../../test/tables/apis/services-and-namespaces.yaml", import.meta.url);
const table = parse(readFileSync(url, "utf8")) as { Service: Row[]; Namespace: Row[] };

describe.each([
  { kind: "Service", family: "service", reader: serviceReader, rows: table.Service },
  { kind: "Namespace", family: "namespace", reader: namespaceReader, rows: table.Namespace },
])("reading a $kind", ({ family, reader, rows }) => {
  test.each(rows)("$title", ({ object, labels = {}, service, defects = [] }) => {
    const reading = reader.read(object);
    expect(reading.family).toBe(family);
    expect(reading.labels).toEqual(labels);
    const { clients, ...rest } = reading.service ?? {};
    expect(reading.service === undefined ? undefined : rest).toEqual(
      service === undefined ? undefined : { statusAddresses: [], claims: [], ...service },
    );
    expect(clients !== undefined).toBe(service?.type === "LoadBalancer");
    expect(reading.defects.map(({ kind, pointer }) => `${kind} ${pointer}`)).toEqual(defects);
  });
});
