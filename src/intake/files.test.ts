/**
 * @module Files, folders, links and standard input: everything is read or is an error with its place.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Input, ReadOptions } from "./files.ts";
import { readInputs } from "./files.ts";
import { DEFAULT_LIMITS } from "./limits.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ringfence-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function manifest(name: string): string {
  return `apiVersion: v1\nkind: Sample\nmetadata:\n  name: ${name}\n`;
}

/** Writes files below the folder; a name may contain folders. */
function write(files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

/** What is read, in short: names of objects, and codes of errors with their paths below the folder. */
async function read(paths: readonly string[], options: ReadOptions = {}): Promise<string[]> {
  const lines: string[] = [];
  for await (const { source, documents, errors } of readInputs(paths, options)) {
    for (const document of documents) lines.push(`${below(document.source)}: ${name(document.value)}`);
    for (const error of errors) {
      expect(error.source).toBe(source);
      expect(error.message).not.toMatch(/\n|\bat .*:\d+:\d+|object Object/);
      const place = error.position === undefined ? "" : `:${error.position.line}:${error.position.column}`;
      lines.push(`${below(source)}${place}: ${error.code}`);
    }
  }
  return lines;
}

function below(path: string): string {
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path.replace(folder, ".");
}

function name(value: Input["documents"][number]["value"]): string {
  return (value["metadata"] as { name?: string }).name ?? "without a name";
}

test("a folder is read with everything below it, in the order of names", async () => {
  write({
    "b.yaml": manifest("b"),
    "a.yml": manifest("a"),
    "c/d.json": '{"apiVersion":"v1","kind":"Sample","metadata":{"name":"d"}}',
    "c/.hidden.yaml": manifest("hidden"),
    ".more/e.yaml": manifest("e"),
    "node_modules/f.yaml": manifest("f"),
    ".git/g.yaml": manifest("never read"),
    "README.md": "no manifest",
    "Z.YAML": "no manifest for kubectl either",
  });
  expect(await read([folder])).toEqual([
    ".more/e.yaml: e",
    "a.yml: a",
    "b.yaml: b",
    "c/.hidden.yaml: hidden",
    "c/d.json: d",
    "node_modules/f.yaml: f",
  ]);
});

test("one bad file hides no other", async () => {
  write({ "a.yaml": "a: [\n", "b.yaml": manifest("b"), "c.json": "{", "d.yaml": "", "e.yaml": manifest("e") });
  expect(await read([folder])).toEqual([
    "a.yaml:2:1: syntax",
    "b.yaml: b",
    "c.json:1:2: syntax",
    "d.yaml:1:1: empty",
    "e.yaml: e",
  ]);
});

test("what can't be read is an error", async () => {
  write({ "a.txt": manifest("a"), "b.yaml/c": "", "d/README.md": "" });
  symlinkSync(join(folder, "nowhere"), join(folder, "broken.yaml"));
  const paths = ["a.txt", "absent.yaml", "a.txt/x.yaml", "b.yaml", "broken.yaml", "d"].map((path) =>
    join(folder, path),
  );
  expect(await read(paths)).toEqual([
    "a.txt: unreadable",
    "absent.yaml: unreadable",
    "a.txt/x.yaml: unreadable",
    "b.yaml: empty",
    "broken.yaml: unreadable",
    "d: empty",
  ]);
  expect(await read([])).toEqual(["-: empty"]);
});

test("without permission", async () => {
  write({ "a.yaml": manifest("a"), "b/c.yaml": manifest("c"), "d.yaml": manifest("d") });
  chmodSync(folder, 0o755);
  chmodSync(join(folder, "a.yaml"), 0);
  chmodSync(join(folder, "b"), 0);
  // Root may read everything, so that the test has to be somebody else for a moment.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    expect(await read([folder])).toEqual(["a.yaml: unreadable", "b: unreadable", "d.yaml: d"]);
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(join(folder, "b"), 0o755);
  }
});

test("links inside the tree: to a file it is read, to a folder that is read under its own name", async () => {
  write({ "a/real.yaml": manifest("a"), "b/b.yaml": manifest("b") });
  symlinkSync("../a/real.yaml", join(folder, "b/link.yaml"));
  symlinkSync("../a", join(folder, "b/folder"));
  symlinkSync("../a/real.yaml", join(folder, "b/link.txt"));
  expect(await read([folder])).toEqual(["a/real.yaml: a", "b/b.yaml: b", "b/link.yaml: a"]);
});

test("links in a circle", async () => {
  write({ "a/a.yaml": manifest("a") });
  symlinkSync("..", join(folder, "a/up"));
  symlinkSync(".", join(folder, "a/here"));
  symlinkSync("y.yaml", join(folder, "x.yaml"));
  symlinkSync("x.yaml", join(folder, "y.yaml"));
  expect(await read([folder])).toEqual([
    "a/a.yaml: a",
    "a/here: unreadable",
    "a/up: unreadable",
    "x.yaml: unreadable",
    "y.yaml: unreadable",
  ]);
});

test("links out of the tree are errors in a folder, and fine if they are named", async () => {
  write({ "tree/a.yaml": manifest("a"), "outside/b.yaml": manifest("b"), "tree-2/c.yaml": manifest("c") });
  symlinkSync("../outside/b.yaml", join(folder, "tree/b.yaml"));
  symlinkSync("../outside", join(folder, "tree/outside"));
  symlinkSync("../tree-2", join(folder, "tree/sibling"));
  expect(await read([join(folder, "tree")])).toEqual([
    "tree/a.yaml: a",
    "tree/b.yaml: unreadable",
    "tree/outside: unreadable",
    "tree/sibling: unreadable",
  ]);
  expect(await read([join(folder, "tree/b.yaml"), join(folder, "tree/outside")])).toEqual([
    "tree/b.yaml: b",
    "tree/outside/b.yaml: b",
  ]);
});

test("pipes and sockets in a folder don't make it wait", async () => {
  execFileSync("mkfifo", [join(folder, "pipe.yaml")]);
  const server = createServer().listen(join(folder, "socket.yaml"));
  write({ "z.yaml": manifest("z") });
  symlinkSync("pipe.yaml", join(folder, "to-pipe.yaml"));
  try {
    expect(await read([folder, join(folder, "pipe.yaml")])).toEqual([
      "pipe.yaml: unreadable",
      "socket.yaml: unreadable",
      "to-pipe.yaml: unreadable",
      "z.yaml: z",
      "pipe.yaml: unreadable",
    ]);
  } finally {
    server.close();
  }
});

test("standard input is YAML, or JSON if it starts with a brace", async () => {
  const yaml = Readable.from([Buffer.from(manifest("a")), Buffer.from(`---\n${manifest("b")}`)]);
  expect(await read(["-"], { stdin: yaml })).toEqual(["-: a", "-: b"]);
  const json = Readable.from([Buffer.from('\n {"apiVersion":"v1","kind":"Sample",\t"metadata":{"name":"c"}}')]);
  expect(await read(["-"], { stdin: json })).toEqual(["-: c"]);
  expect(await read(["-"], { stdin: Readable.from([]) })).toEqual(["-:1:1: empty"]);
  const broken = Readable.from(
    (function* () {
      yield Buffer.from(manifest("a"));
      throw new Error("the other end is gone");
    })(),
  );
  expect(await read(["-"], { stdin: broken })).toEqual(["-: unreadable"]);
});

test("a character that two chunks of standard input share", async () => {
  const bytes = Buffer.from(manifest("é"));
  const chunks = [...bytes].map((byte) => Buffer.from([byte]));
  expect(await read(["-"], { stdin: Readable.from(chunks) })).toEqual(["-: é"]);
});

test("limits", async () => {
  write({ "a.yaml": manifest("a".repeat(300)), "b.json": `"${"b".repeat(300)}"`, "c.yaml": manifest("c") });
  const limits = { ...DEFAULT_LIMITS, fileBytes: 200 };
  expect(await read([folder], { limits })).toEqual(["a.yaml: too-large", "b.json: too-large", "c.yaml: c"]);
  expect(await read(["-"], { limits, stdin: Readable.from([Buffer.alloc(150), Buffer.alloc(150)]) })).toEqual([
    "-: too-large",
  ]);
});

test("JSON files have the rules of Kubernetes objects, and places", async () => {
  write({
    "a.json":
      '{"apiVersion":"v1","kind":"List","items":[\n{"apiVersion":"v1","kind":"Sample","metadata":{"name":"a"}},\n{"kind":1}]}',
    "b.json": '{"apiVersion":"v1","kind":"Sample",\n"items":[]}',
    "c.json": '{"apiVersion":"v1","kind":"Sample","metadata":{"name":"c"},\n"a":1,"a":2}',
    "d.json": "[]",
    "e.json": "[".repeat(200),
  });
  expect(await read([folder])).toEqual([
    "a.json: a",
    "a.json:3:1: not-a-kubernetes-object",
    "b.json:2:1: ambiguous",
    "c.json:2:7: duplicate-key",
    "d.json:1:1: not-an-object",
    "e.json:1:101: too-deep",
  ]);
  const limits = { ...DEFAULT_LIMITS, documents: 1 };
  expect(await read([join(folder, "a.json")], { limits })).toEqual(["a.json: too-many"]);
});
