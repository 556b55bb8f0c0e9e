/**
 * @module The reader against the real kubectl: whatever is accepted, kubectl must see as the same objects.
 *
 * `kubectl label --local` decodes files as `kubectl apply` does and prints the objects, without a cluster. Each call
 * costs about a tenth of a second, so that many files go into one.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { load } from "js-yaml";
import type { JsonObject, JsonValue } from "./json-value.ts";
import { readYaml } from "./strict-yaml.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "ringfence-kubectl-"));
const FILES_PER_CALL = 60;
/** Removing a label that isn't there changes nothing but that there are labels; this one is in no input. */
const LABEL = "ringfence-test-absent";

afterAll(() => rmSync(FOLDER, { recursive: true }));

const isKubectlHere = spawnSync("kubectl", ["version", "--client"]).status === 0;
// oxlint-disable-next-line no-console
if (!isKubectlHere) console.warn("skipped: kubectl is not installed, so nothing can be compared with it");
const testWithKubectl = isKubectlHere ? test : test.skip;

interface Answer {
  /** For each file, what kubectl sees in it before it meets an error, if any. */
  readonly objects: readonly (readonly string[])[];
  /** There was an error; kubectl goes on with the next file. */
  readonly hasFailed: boolean;
}

function askKubectl(inputs: readonly string[]): Answer {
  const marker = write("marker", '{"apiVersion": "v1", "kind": "Marker", "metadata": {"name": "marker"}}');
  const files = inputs.flatMap((input, index) => ["-f", marker, "-f", write(String(index), input)]);
  const { status, stdout } = spawnSync("kubectl", ["label", "--local", "-o", "json", ...files, `${LABEL}-`], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const objects: string[][] = [];
  // Objects follow each other without separators, each starting on a line of its own.
  for (const text of stdout.split(/^(?=\{$)/m)) {
    if (text.trim() === "") continue;
    const object = JSON.parse(text) as JsonObject;
    if (object["kind"] === "Marker") objects.push([]);
    else objects.at(-1)?.push(canonical(object));
  }
  expect(objects).toHaveLength(inputs.length);
  return { objects, hasFailed: status !== 0 };
}

function write(name: string, content: string): string {
  const file = join(FOLDER, `${name}.yaml`);
  writeFileSync(file, content);
  return file;
}

/** The text of an object, whatever the order of its keys, and without the empty labels that kubectl adds. */
function canonical(object: JsonObject): string {
  const metadata = (object["metadata"] ?? {}) as JsonObject;
  const { labels, ...rest } = metadata;
  const hasLabels = labels !== null && labels !== undefined && Object.keys(labels).length > 0;
  return JSON.stringify(sorted({ ...object, metadata: hasLabels ? metadata : rest }));
}

function sorted(value: JsonValue | undefined): unknown {
  if (Array.isArray(value)) return value.map((item: JsonValue) => sorted(item));
  if (typeof value !== "object" || value === null) return value;
  // Pairs, because JavaScript orders keys that look like numbers in its own way.
  return Object.entries(value)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, item]) => [key, sorted(item)]);
}

function ourSight(input: string): string[] | undefined {
  const { documents, errors } = readYaml(input, "x.yaml");
  return errors.length > 0 ? undefined : documents.map(({ value }) => canonical(value));
}

/** Compares all inputs, which are accepted; what kubectl refuses it can't misread. */
function compare(inputs: readonly string[]): void {
  const together = askKubectl(inputs).objects;
  inputs.forEach((input, index) => {
    const ours = ourSight(input) ?? [];
    if (isDeepStrictEqual(together[index], ours)) return;
    const { objects, hasFailed } = askKubectl([input]);
    const seen = objects[0] ?? [];
    expect({ input, seen }).toEqual({ input, seen: hasFailed ? ours.slice(0, seen.length) : ours });
  });
}

interface Row {
  readonly input?: string;
  readonly error?: string;
}

function acceptedRows(name: string): string[] {
  const file = new URL(`../../test/tables/intake/${name}.yaml`, import.meta.url);
  const { groups } = load(readFileSync(file, "utf8")) as { groups: { template?: string; cases: Row[] }[] };
  return groups.flatMap(({ template = "@", cases }) =>
    cases.filter(({ error }) => error === undefined).map(({ input = "" }) => template.replace("@", () => input)),
  );
}

testWithKubectl.each(["yaml-scalars", "yaml-documents"])("kubectl agrees with the table %s", (name) => {
  const inputs = acceptedRows(name);
  for (let start = 0; start < inputs.length; start += FILES_PER_CALL)
    compare(inputs.slice(start, start + FILES_PER_CALL));
});

const MANIFESTS = [
  `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: a
  labels: {app: "x", tier: 'y'}
spec:
  podSelector: {}
  policyTypes: [Ingress, "Egress"]
  ingress:
    - from:
        - ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}
        - podSelector:
            matchLabels:
              a: b
      ports:
        - {protocol: TCP, port: 80}
        - port: 443 # https
  egress:
  - {}
`,
  `apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data:
  literal: |
    one
      two

    three # no comment
  folded: >-
    folded
    text

      more
    end
  double: "a \\"q\\" \\u0041 \\
    b"
  single: 'single ''q''
    next'
  plain: text over
    two lines
  number: 1.5
  none:
---
# only a comment
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: b, annotations: {date: 2020-01-01, y: "1"}}
  spec:
    containers:
    - name: c
      args: ["-a", --b=c, 'd', e f]
      command: [
        sh, -c
      ]
`,
  '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"x": [1, 2.5, null, "\\u00e9\\/"]}}\n',
];

const PIECES = [
  " :-#|>{}[],?!&*%@'\"\\~\t\n\r=._0".split(""),
  [": ", "- ", " #", "\n  ", "\n    ", "\n- ", "\n\n", "\r\n", "|2\n", ">-\n", "''", "\\\n", "\\u2028", "? ", "!!str "],
  ["&a ", "*a", "<<: ", "\n---\n", "---", "...", "null", "yes", "0777", "0o7", "0x1F", "1_0", "1e3", ".5", "1:30"],
  ["\u00a0", "\u0085", "\u2028", "\ufeff", "\0", "é", "items: ", "kind", "__proto__: x\n", "2020-01-01", "x: y"],
].flat();

// Pieces put in, text taken out, and lines doubled or moved sideways.
const change = fc.record({
  kind: fc.constantFrom("insert", "insert", "replace", "remove", "repeat-line", "indent", "outdent"),
  place: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  length: fc.integer({ min: 1, max: 4 }),
  piece: fc.constantFrom(...PIECES),
});

function apply(
  text: string,
  { kind, place, length, piece }: typeof change extends fc.Arbitrary<infer Change> ? Change : never,
): string {
  const start = Math.floor(place * text.length);
  if (kind === "insert") return text.slice(0, start) + piece + text.slice(start);
  if (kind === "replace") return text.slice(0, start) + piece + text.slice(start + length);
  if (kind === "remove") return text.slice(0, start) + text.slice(start + length);
  const lines = text.split("\n");
  const index = Math.floor(place * lines.length);
  const line = lines[index] ?? "";
  if (kind === "repeat-line") lines.splice(index, 0, line);
  else lines[index] = kind === "indent" ? " ".repeat(length) + line : line.replace(/^ {1,2}/, "");
  return lines.join("\n");
}

const mutated = fc
  .tuple(fc.constantFrom(...MANIFESTS), fc.array(change, { minLength: 1, maxLength: 4 }))
  .map(([manifest, changes]) => changes.reduce(apply, manifest))
  // Most mutations are refused, which needs no kubectl to see.
  .filter((input) => ourSight(input) !== undefined);

testWithKubectl(
  "whatever is accepted of mutated manifests, kubectl sees alike",
  () => {
    fc.assert(
      fc.property(fc.array(mutated, { minLength: FILES_PER_CALL, maxLength: FILES_PER_CALL }), (inputs) =>
        compare(inputs),
      ),
      { numRuns: Number(process.env["RINGFENCE_DIFFERENTIAL_RUNS"] ?? 6), endOnFailure: true },
    );
  },
  600_000,
);

testWithKubectl("kubectl is asked and answers", () => {
  const { objects, hasFailed } = askKubectl(["apiVersion: v1\nkind: Sample\nmetadata: {name: a}\nvalue: yes\n"]);
  expect(objects).toEqual([[canonical({ apiVersion: "v1", kind: "Sample", metadata: { name: "a" }, value: true })]]);
  expect(hasFailed).toBe(false);
});
