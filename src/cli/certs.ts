/**
 * @module `ringfence certs make` and `ringfence certs inspect`: development certificates.
 */
import { join } from "node:path";
import { CertificateFolderError, ensureDevelopmentCertificates } from "../certs/development-ca.ts";
import { type CertificateInspection, inspectCertificates } from "../certs/inspect-certificates.ts";
import { ROOT } from "../engine/shipped-files.ts";
import type { Arguments } from "./arguments.ts";
import { CallError, type Command, type CommandGroup, EXIT_DENIED, EXIT_OK, type Options } from "./command.ts";

const DEFAULT_FOLDER = join(ROOT, "certs");

const FOLDER: Options = {
  "cert-dir": {
    type: "string",
    value: "DIR",
    description: "The folder of ca.crt, ca.key, tls.crt and tls.key, instead of Ringfence's own certs/.",
  },
};

const make: Command = {
  name: "certs make",
  summary: "Make sure that a folder holds a development CA and a server certificate.",
  usage: "[OPTIONS]",
  description:
    "For a developer's machine and for tests. What is still good stays as it is; other people's certificates too.",
  options: {
    ...FOLDER,
    host: {
      type: "string",
      value: "NAME",
      multiple: true,
      description: "A DNS name or address beside localhost, 127.0.0.1 and ::1",
    },
  },
  async run(args, io) {
    const folder = folderOf(args);
    try {
      const { renewed, authorityCertificate, certificate, key } = await ensureDevelopmentCertificates(folder, {
        hosts: args.texts("host"),
      });
      io.stdout.write(`${RENEWED[renewed]}\nca   ${authorityCertificate}\ncert ${certificate}\nkey  ${key}\n`);
      return EXIT_OK;
    } catch (cause) {
      if (cause instanceof CertificateFolderError || cause instanceof TypeError) throw new CallError(cause.message);
      throw cause;
    }
  },
};

const RENEWED = {
  nothing: "The certificates are good; nothing was changed.",
  certificate: "Made a new server certificate; the CA is the one that clients know.",
  everything: "Made a new CA and a server certificate; clients have to trust the new ca.crt.",
} as const;

const inspect: Command = {
  name: "certs inspect",
  summary: "Say what the certificates of a folder are, and what is wrong with them.",
  usage: "[OPTIONS]",
  description: "Exit code 1 where something is wrong.",
  options: FOLDER,
  async run(args, io) {
    const files = await inspectCertificates(folderOf(args));
    io.stdout.write(files.map(inspectionText).join("\n"));
    return files.every(({ problems }) => problems.length === 0) ? EXIT_OK : EXIT_DENIED;
  },
};

/** The two commands for certificates. */
export const certsCommands: CommandGroup = {
  name: "certs",
  summary: "Make and inspect development certificates.",
  commands: [make, inspect],
};

function folderOf(args: Arguments): string {
  if (args.positionals.length > 0) throw new CallError("the folder is named with --cert-dir DIR");
  return args.textOr("cert-dir", DEFAULT_FOLDER);
}

function inspectionText({ file, facts, problems }: CertificateInspection): string {
  const lines = [file];
  if (facts !== undefined) {
    lines.push(
      `  subject  ${facts.subject}`,
      `  issuer   ${facts.issuer}`,
      `  valid    ${facts.notBefore} to ${facts.notAfter}`,
      ...(facts.hosts.length === 0 ? [] : [`  hosts    ${facts.hosts.join(", ")}`]),
      `  sha256   ${facts.sha256}`,
    );
  }
  lines.push(...problems.map((problem) => `  problem  ${problem}`));
  return `${lines.join("\n")}\n`;
}
