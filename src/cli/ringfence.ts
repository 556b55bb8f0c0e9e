/**
 * @module The `ringfence` program.
 */
import { EXIT_UNUSABLE } from "./command.ts";
import { main } from "./main.ts";

process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
  // Whoever reads the report may stop reading (`| head`); a report that is lost otherwise is no result.
  if (code === "EPIPE") return;
  process.stderr.write(`ringfence: the output can't be written (${code ?? "unknown reason"})\n`);
  process.once("exit", () => {
    process.exitCode = EXIT_UNUSABLE;
  });
});
// There is nobody left to tell.
process.stderr.on("error", () => undefined);

const { stdout, stderr, env: environment } = process;
void main(process.argv.slice(2), { stdout, stderr, environment }).then((exitCode) => {
  process.exitCode = exitCode;
});
