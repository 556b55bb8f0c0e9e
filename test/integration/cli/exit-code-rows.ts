/**
 * @module The rows of test/tables/cli/exit-codes.yaml, and the folders of files that they describe.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { load } from "js-yaml";
import { FIXTURES, ROOT } from "./run-cli.ts";

/** A file's content: text, or how to make it. */
type Content =
  | string
  | { readonly base64: string }
  | { readonly utf16: string }
  | { readonly before?: string; readonly repeat: string; readonly times: number; readonly after?: string };

export interface ExitCodeRow {
  readonly name: string;
  readonly args: readonly string[];
  readonly stdin?: Content;
  readonly environment?: Readonly<Record<string, string>>;
  /** Files of a new folder, which is the working folder then; without any of them it is test/fixtures/gate. */
  readonly files?: Readonly<Record<string, Content>>;
  /** Links in that folder, to what they point to. */
  readonly links?: Readonly<Record<string, string>>;
  /** Named pipes in that folder. */
  readonly pipes?: readonly string[];
  /** Files and folders in it that nobody may read; the program runs without the rights of root then. */
  readonly unreadable?: readonly string[];
  readonly exit: number;
  /** Texts that standard output contains. */
  readonly stdout?: readonly string[];
  /** Texts that standard error contains; it is empty where there are none. */
  readonly stderr?: readonly string[];
  readonly why: string;
}

/** All rows, in the order of the table. */
export function exitCodeRows(): readonly ExitCodeRow[] {
  return load(readFileSync(join(ROOT, "test/tables/cli/exit-codes.yaml"), "utf8")) as ExitCodeRow[];
}

/** The bytes of a content. */
export function bytesOf(content: Content): Uint8Array {
  if (typeof content === "string") return Buffer.from(content, "utf8");
  if ("base64" in content) return Buffer.from(content.base64, "base64");
  if ("utf16" in content) return Buffer.from(content.utf16, "utf16le");
  const { before = "", repeat, times, after = "" } = content;
  return Buffer.from(before + repeat.repeat(times) + after, "utf8");
}

/** Makes the folder of a row; the caller removes it. Undefined where the row has none of its own. */
export function makeFolder({ files, links = {}, pipes = [], unreadable = [] }: ExitCodeRow): string | undefined {
  if (files === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "ringfence-cli-"));
  // mkdtemp's folders are private, and nobody has to get in.
  chmodSync(folder, 0o755);
  const path = (name: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    return join(folder, name);
  };
  for (const [name, content] of Object.entries(files)) {
    if (content === "(fixture)") cpSync(join(FIXTURES, name), path(name));
    else writeFileSync(path(name), bytesOf(content));
  }
  for (const [name, target] of Object.entries(links)) symlinkSync(target, path(name));
  for (const name of pipes) execFileSync("mkfifo", [path(name)]);
  for (const name of unreadable) chmodSync(join(folder, name), 0);
  return folder;
}
