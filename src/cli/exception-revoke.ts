/**
 * @module `ringfence exception revoke`: takes an approval back, by adding its id to the settings.
 */
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { IDENTIFIER } from "../exceptions/approval-claims.ts";
import { replaceFile } from "../exceptions/manifest-edit.ts";
import { appendValue, EditError } from "../exceptions/yaml-edit.ts";
import { plain } from "../gate/plain-text.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import { readYaml } from "../intake/strict-yaml.ts";
import { CallError, type Command, EXIT_OK } from "./command.ts";
import { checked, required } from "./exception-target.ts";

const NAME_OF_COMMAND = "exception revoke";
const IDS = ["exceptions", "revoked", "ids"];

export const revokeCommand: Command = {
  name: NAME_OF_COMMAND,
  summary: "Take an approval back: add its id to the settings.",
  usage: "[OPTIONS] --id ID -f guardrails.yaml",
  description:
    "Adds the id to exceptions.revoked.ids; comments and formatting of the file stay. The approval stops counting as soon\n" +
    "as the servers have read the settings. `ringfence exception list` shows the ids.",
  options: {
    id: { type: "string", value: "ID", multiple: true, description: "The approval's id" },
    file: { type: "string", short: "f", value: "FILE", description: "The settings." },
  },
  async run(args, io) {
    const path = required(args, "file", NAME_OF_COMMAND, "guardrails.yaml");
    const ids = args.texts("id").map((id) => checked(id, IDENTIFIER, "no id of an approval"));
    if (ids.length === 0) throw new CallError("exception revoke needs --id ID", NAME_OF_COMMAND);
    let text = readSettingsText(path);
    const lines: string[] = [];
    for (const id of ids) {
      const known = revokedIds(text, path);
      if (known.includes(id)) {
        lines.push(`${id} was revoked already`);
        continue;
      }
      text = withId(text, path, id);
      lines.push(`${id} is revoked`);
    }
    write(path, text);
    io.stdout.write(`${lines.join("\n")}\nCommit ${plain(path)} and roll it out.\n`);
    return EXIT_OK;
  },
};

function readSettingsText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new CallError(`${plain(path)}: the settings can't be read (${(cause as NodeJS.ErrnoException).code ?? "?"})`);
  }
}

function write(path: string, text: string): void {
  try {
    replaceFile(path, text);
  } catch (cause) {
    throw new CallError(
      `${plain(path)}: the settings can't be written (${(cause as NodeJS.ErrnoException).code ?? "?"})`,
    );
  }
}

function withId(text: string, path: string, id: string): string {
  const before = settingsIn(text, path);
  let edited: string;
  try {
    edited = appendValue(text, IDS, id);
  } catch (cause) {
    if (cause instanceof EditError) throw new CallError(`${plain(path)}: ${cause.message}; add ${id} by hand`);
    throw cause;
  }
  const ids = [...revokedIds(text, path), id];
  // Read again as the server reads it: nothing but the list may be different.
  if (!isDeepStrictEqual(settingsIn(edited, path), withRevoked(before, ids))) {
    throw new CallError(`${plain(path)}: the id can't be added without changing more; add ${id} by hand`);
  }
  return edited;
}

function settingsIn(text: string, path: string): JsonObject {
  const { documents, errors } = readYaml(text, path);
  const [error] = errors;
  if (error !== undefined) {
    const place = error.position === undefined ? "" : `:${error.position.line}:${error.position.column}`;
    throw new CallError(`${plain(path)}${place}: ${error.message}`);
  }
  const value = documents[0]?.value;
  if (documents.length === 1 && value?.["kind"] === "Guardrails") return value;
  throw new CallError(`${plain(path)}: these are no settings of Ringfence (one document of the kind Guardrails)`);
}

function revokedIds(text: string, path: string): readonly JsonValue[] {
  const ids = objectAt(objectAt(settingsIn(text, path), "exceptions"), "revoked")["ids"];
  return Array.isArray(ids) ? (ids as readonly JsonValue[]) : [];
}

function withRevoked(settings: JsonObject, ids: readonly JsonValue[]): JsonObject {
  const exceptions = objectAt(settings, "exceptions");
  return { ...settings, exceptions: { ...exceptions, revoked: { ...objectAt(exceptions, "revoked"), ids } } };
}

function objectAt(object: JsonObject, key: string): JsonObject {
  const value = object[key];
  return isJsonObject(value) ? value : {};
}
