/**
 * @module `ringfence exception keygen`: makes an approver's key pair, and puts the public key into the key set.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NAME } from "../exceptions/approval-claims.ts";
import type { Algorithm } from "../exceptions/approval.ts";
import { KeySetError, parseKeySet } from "../exceptions/approver-keys.ts";
import { replaceFile } from "../exceptions/manifest-edit.ts";
import { makeKeyPair } from "../exceptions/signing-key.ts";
import { plain } from "../gate/plain-text.ts";
import type { JsonObject } from "../intake/json-value.ts";
import { CallError, type Command, EXIT_OK } from "./command.ts";
import { checked, required } from "./exception-target.ts";

const NAME_OF_COMMAND = "exception keygen";

export const keygenCommand: Command = {
  name: NAME_OF_COMMAND,
  summary: "Make an approver's key pair.",
  usage: "[OPTIONS] --approver NAME",
  description:
    "Writes NAME.key.json, which is the approver's secret, and adds the public key to the key set approvers.json, which\n" +
    "the settings name under exceptions.keys.",
  options: {
    approver: { type: "string", value: "NAME", description: "Whose key it is." },
    out: { type: "string", value: "DIR", description: "The folder for both files.", default: "." },
    alg: {
      type: "string",
      value: "NAME",
      description: "The algorithm.",
      choices: ["ES256", "EdDSA"],
      default: "ES256",
    },
  },
  async run(args, io) {
    if (args.positionals.length > 0) throw new CallError("the approver is named with --approver NAME", NAME_OF_COMMAND);
    const name = required(args, "approver", NAME_OF_COMMAND, "NAME");
    const approver = checked(name, NAME, "no name: at most 128 characters of printable ASCII");
    const folder = args.textOr("out", ".");
    const { kid, privateJwk, publicJwk } = makeKeyPair(args.textOr("alg", "ES256") as Algorithm, approver);
    const keyFile = join(folder, `${fileName(approver)}.key.json`);
    const setFile = join(folder, "approvers.json");
    try {
      mkdirSync(folder, { recursive: true });
      // The set first: what is wrong with it is said before there is a key.
      const set = withKey(setFile, publicJwk);
      writeFileSync(keyFile, `${JSON.stringify(privateJwk, null, 2)}\n`, { flag: "wx", mode: 0o600 });
      writeSet(setFile, set);
    } catch (cause) {
      throw problem(cause, keyFile);
    }
    io.stdout.write(
      `Made a key for ${approver}, id ${kid}.\n` +
        `private  ${plain(keyFile)}: keep it, and never commit it\n` +
        `public   ${plain(setFile)}: give it to the platform team\n`,
    );
    return EXIT_OK;
  },
};

/** `Bob <bob@example.com>` becomes `Bob_bob_example.com`. */
function fileName(approver: string): string {
  return approver.replace(/[^A-Za-z0-9.-]+/g, "_").replace(/^[._]+|_+$/g, "") || "approver";
}

function withKey(file: string, key: JsonObject): string {
  const keys: JsonObject[] = [];
  if (existsSync(file)) {
    const bytes = readFileSync(file);
    parseKeySet(bytes);
    keys.push(...(JSON.parse(bytes.toString("utf8")) as { keys: JsonObject[] }).keys);
  }
  return `${JSON.stringify({ keys: [...keys, key] }, null, 2)}\n`;
}

function writeSet(file: string, text: string): void {
  if (existsSync(file)) replaceFile(file, text);
  else writeFileSync(file, text, { flag: "wx" });
}

function problem(cause: unknown, keyFile: string): unknown {
  if (cause instanceof KeySetError) return new CallError(cause.message);
  if (!(cause instanceof Error) || !("code" in cause)) return cause;
  if (cause.code === "EEXIST") {
    return new CallError(
      `${plain(keyFile)} exists: nothing was changed. Move the old key away, or name another folder`,
    );
  }
  return new CallError(`the key can't be written (${String(cause.code)})`);
}
