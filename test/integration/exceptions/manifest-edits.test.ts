/**
 * @module Annotations written into manifests, to the byte: test/tables/exceptions/manifest-edits.yaml.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "@jest/globals";
import { load } from "js-yaml";
import { ROOT } from "../../../src/engine/shipped-files.ts";
import { ManifestFile } from "../../../src/exceptions/manifest-edit.ts";

interface Row {
  readonly name: string;
  readonly why: string;
  readonly file?: string;
  readonly object?: number;
  readonly at?: readonly string[];
  readonly before: string;
  readonly set: Readonly<Record<string, string | null>>;
  readonly after?: string;
  /** Part of the message where nothing is written. */
  readonly error?: string;
}

const ROWS = load(readFileSync(join(ROOT, "test/tables/exceptions/manifest-edits.yaml"), "utf8")) as readonly Row[];

const folder = mkdtempSync(join(tmpdir(), "ringfence-edits-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function edit(path: string, { object = 0, at = ["/metadata"], set }: Pick<Row, "object" | "at" | "set">): string {
  const file = new ManifestFile(path);
  expect(file.errors).toEqual([]);
  const document = file.documents[object];
  if (document === undefined) throw new Error(`the file has no object ${object}`);
  return file.withAnnotations(document, at, new Map(Object.entries(set)));
}

describe("annotations in a manifest", () => {
  test.each(ROWS)("$name", (row) => {
    const path = join(folder, row.file ?? "f.yaml");
    writeFileSync(path, row.before);
    if (row.error === undefined) expect(edit(path, row)).toBe(row.after);
    else expect(() => edit(path, row)).toThrow(row.error);
    expect(readFileSync(path, "utf8")).toBe(row.before);
  });
});

describe("the file", () => {
  const path = join(folder, "written.yaml");
  const before = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n";
  beforeEach(() => writeFileSync(path, before));

  test("is replaced in one step, with its permissions, where a link leads", () => {
    const link = join(folder, "link.yaml");
    symlinkSync(path, link);
    chmodSync(path, 0o640);
    const file = new ManifestFile(link);
    const inode = statSync(path).ino;
    file.write(`${before}# more\n`);
    expect(readFileSync(path, "utf8")).toBe(`${before}# more\n`);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(statSync(path).ino).not.toBe(inode);
  });

  test("that has changed since it was read is left alone", () => {
    const file = new ManifestFile(path);
    writeFileSync(path, `${before}# somebody else\n`);
    expect(() => file.write("")).toThrow("the file has changed in the meantime");
    expect(readFileSync(path, "utf8")).toBe(`${before}# somebody else\n`);
  });
});
