/**
 * @module A bundle that is damaged, can't be run or misbehaves is an error, never an answer without findings.
 */
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { BundleError, readBundle } from "../../../src/engine/bundle.ts";
import { Engine, EngineFault } from "../../../src/engine/engine.ts";
import { defaultSettings } from "../../../src/engine/settings.ts";
import { PolicyFault, WasmHost } from "../../../src/engine/wasm-host.ts";
import { findOpa, NO_OPA } from "../../tools/find-opa.ts";
import { compileBundle, copyOfShippedBundle, removeFolder, temporaryFolder } from "./bad-bundles.ts";
import { anyAnyRequest, BUNDLE } from "./facts-of-samples.ts";

const settings = defaultSettings(BUNDLE.manifest);
const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

describe("a bundle that is not whole is refused when it is read", () => {
  const damages: readonly (readonly [string, string, (bundle: string) => void])[] = [
    [
      "policy.wasm is cut off",
      "its digest is not the one in manifest.json",
      (bundle) => truncateSync(join(bundle, "policy.wasm"), 100_000),
    ],
    [
      "one byte of policy.wasm is another",
      "its digest is not the one in manifest.json",
      (bundle) => {
        const wasm = readFileSync(join(bundle, "policy.wasm"));
        wasm[1000] = (wasm[1000] ?? 0) ^ 1;
        writeFileSync(join(bundle, "policy.wasm"), wasm);
      },
    ],
    [
      "the manifest is of other sources",
      "its digest is not the one in manifest.json",
      (bundle) => editManifest(bundle, { wasm: "sha256:0" }),
    ],
    [
      "the manifest is of another kind",
      "not a Ringfence bundle",
      (bundle) => editManifest(bundle, { kind: "Guardrails" }),
    ],
    [
      "the manifest is of another version",
      "not a Ringfence bundle",
      (bundle) => editManifest(bundle, { apiVersion: "ringfence.dev/v9" }),
    ],
    ["the manifest is cut off", "not JSON", (bundle) => truncateSync(join(bundle, "manifest.json"), 100)],
    ["the manifest is empty", "not JSON", (bundle) => truncateSync(join(bundle, "manifest.json"), 0)],
    ["policy.wasm is missing", "can't be read (ENOENT)", (bundle) => removeFolder(join(bundle, "policy.wasm"))],
    ["the manifest is missing", "can't be read (ENOENT)", (bundle) => removeFolder(join(bundle, "manifest.json"))],
  ];

  test.each(damages)("%s", (name, message, damage) => {
    const bundle = copyOfShippedBundle(folder, name.replaceAll(" ", "-"));
    expect(readBundle(bundle).digest).toBe(BUNDLE.digest);
    damage(bundle);

    expect(() => readBundle(bundle)).toThrow(BundleError);
    expect(() => readBundle(bundle)).toThrow(message);
  });
});

function editManifest(bundle: string, change: object): void {
  const file = join(bundle, "manifest.json");
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as object), ...change }));
}

const opa = findOpa() ?? "";
if (opa === "") process.stdout.write(`skipped: bundles that misbehave. ${NO_OPA}\n`);
const withOpa = opa === "" ? describe.skip : describe;

/** Answers of a bundle that misbehaves where the object's name says so, and how: `name: value of the entrypoint`. */
const MISBEHAVIOUR: Readonly<Record<string, string>> = {
  undefined: "network := right if false",
  "no-echo": 'network := {"findings": []}',
  "no-uid": 'network := {"digest": input.digest, "findings": []}',
  "another-uid": 'network := {"uid": "x", "digest": input.digest, "findings": []}',
  "no-digest": 'network := {"uid": input.uid, "findings": []}',
  "another-digest": 'network := {"uid": input.uid, "digest": "sha256:0", "findings": []}',
  "no-findings": 'network := {"uid": input.uid, "digest": input.digest}',
  "findings-as-object": 'network := object.union(right, {"findings": {}})',
  "findings-as-null": 'network := object.union(right, {"findings": null})',
  "findings-as-text": 'network := object.union(right, {"findings": "none"})',
  "finding-as-text": 'network := object.union(right, {"findings": ["bad"]})',
  "finding-without-message": 'network := object.union(right, {"findings": [{"guardrail": "any-any", "pointer": "/"}]})',
  "finding-without-pointer": 'network := object.union(right, {"findings": [{"guardrail": "any-any", "message": "x"}]})',
  "finding-without-guardrail": 'network := object.union(right, {"findings": [{"pointer": "/", "message": "x"}]})',
  "message-as-number":
    'network := object.union(right, {"findings": [{"guardrail": "a", "pointer": "/", "message": 1}]})',
  true: "network := true",
  "a-list": "network := []",
  conflict: "network := right\n\nnetwork := {}",
  null: "network := null",
  "finding-as-null": 'network := object.union(right, {"findings": [null]})',
  memory: 'network := object.union(right, {"x": count(numbers.range(1, 50000000))})',
};

const RIGHT = `right := {"uid": input.uid, "digest": input.digest, "findings": [
  {"guardrail": "any-any", "pointer": "/spec", "message": "right"},
]}

network := right if startswith(input.object.name, "good")`;

/** The same rules, each only for the object of its name. */
function misbehavingModule(): string {
  const rules = Object.entries(MISBEHAVIOUR).map(([name, rego]) =>
    rego
      .split("\n\n")
      .map(
        (rule) =>
          `${rule.replace(/ if false$/, "")} if {\n  input.object.name == "${name}"${rule.endsWith("if false") ? "\n  false" : ""}\n}`,
      )
      .join("\n\n"),
  );
  return [RIGHT, ...rules].join("\n\n");
}

withOpa("a bundle that misbehaves decides nothing, and its next answer is right", () => {
  let engine: Engine | undefined;
  const misbehaving = () => {
    engine ??= new Engine(readBundle(compileBundle(opa, folder, "misbehaving", misbehavingModule())), settings);
    return engine;
  };
  const judge = (name: string) => misbehaving().judge({ ...anyAnyRequest(), name });

  test.each(Object.keys(MISBEHAVIOUR))("%s", (name) => {
    expect(() => judge(name)).toThrow(EngineFault);
    expect(judge("good").findings.map(({ message }) => message)).toEqual(["right"]);
  });
});

withOpa("a bundle that Ringfence can't run is refused when it is loaded", () => {
  test.each([
    ["http.send", 'network := http.send({"method": "get", "url": "https://localhost"})'],
    ["sprintf", 'network := sprintf("%d", [input.uid])'],
    ["time.now_ns", "network := time.now_ns()"],
    ["yaml.unmarshal", "network := yaml.unmarshal(input.uid)"],
  ])("%s is left to the host, which has none", (name, rego) => {
    const bundle = readBundle(compileBundle(opa, folder, `needs-${name}`, rego));

    expect(() => new Engine(bundle, settings)).toThrow(PolicyFault);
    expect(() => new Engine(bundle, settings)).toThrow(name);
  });

  test("an entrypoint for the object's family is missing", () => {
    const engine = new Engine(readBundle(compileBundle(opa, folder, "network-only", RIGHT)), settings);
    const pod = { ...anyAnyRequest(), group: "", kind: "Pod", object: { apiVersion: "v1", kind: "Pod" } };

    expect(() => engine.judge(pod)).toThrow("the bundle has no entrypoint for workload");
  });
});

test("a module that is no policy is refused", () => {
  // The eight bytes of an empty module.
  const empty = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));

  expect(() => new WasmHost(empty, "{}")).toThrow(PolicyFault);
});

test("data that is not JSON is refused", () => {
  expect(() => new WasmHost(BUNDLE.module, "{")).toThrow(PolicyFault);
});
