/**
 * @module `ringfence version`.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../engine/shipped-files.ts";
import { type Command, EXIT_OK } from "./command.ts";

/** Prints Ringfence's version and Node's, which together say what runs. */
export const versionCommand: Command = {
  name: "version",
  summary: "Print the versions of Ringfence and Node.js.",
  usage: "",
  options: {},
  async run(_args, io) {
    const { version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { version: string };
    io.stdout.write(`ringfence ${version} (Node.js ${process.versions.node})\n`);
    return EXIT_OK;
  },
};
