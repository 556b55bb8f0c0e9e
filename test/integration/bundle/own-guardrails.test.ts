/**
 * @module What `bundle build` refuses of an organisation's own guardrails, because it would fail open without a word.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { readBundle } from "../../../src/engine/bundle.ts";
import { buildBundle } from "../../../src/engine/bundle-build.ts";
import { BundleBuildError } from "../../../src/engine/bundle-build-error.ts";
import { Engine } from "../../../src/engine/engine.ts";
import type { JudgeRequest } from "../../../src/engine/judge-request.ts";
import { defaultSettings } from "../../../src/engine/settings.ts";
import { SHIPPED_REGO } from "../../../src/engine/shipped-files.ts";
import { findOpa, NO_OPA } from "../../tools/find-opa.ts";

const opa = findOpa() ?? "";
if (opa === "") process.stdout.write(`skipped: own guardrails. ${NO_OPA}\n`);
const withOpa = opa === "" ? describe.skip : describe;
const folder = mkdtempSync(join(tmpdir(), "ringfence-own-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const METADATA = `# METADATA
# title: Ours
# description: Ours.
# scope: package
# custom:
#   slug: ours
#   families: [service]
#   mode: enforce
#   severity: low
#   fix: change it
package acme.guardrails.ours

# METADATA
# title: Findings
`;

function build(name: string, files: Readonly<Record<string, string>>) {
  const own = join(folder, name);
  mkdirSync(own, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(own, file), text);
  return buildBundle({ shipped: SHIPPED_REGO, own: [own], output: join(folder, `${name}-bundle`), opa });
}

const SERVICE: JudgeRequest = {
  uid: "1",
  place: "gate",
  operation: "CREATE",
  group: "",
  version: "v1",
  kind: "Service",
  namespace: "shop",
  name: "s",
  subresource: "",
  user: { name: "", groups: [] },
  object: { apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec: { type: "ClusterIP" } },
  oldObject: null,
  namespaceLabels: null,
};

withOpa("bundle build refuses", () => {
  const REFUSED: readonly [string, Readonly<Record<string, string>>, RegExp][] = [
    [
      "a misspelt findings rule",
      { "a.rego": `${METADATA}finding contains {"pointer": "", "message": "x"} if input.service` },
      /no rule "findings"/,
    ],
    [
      "a package of ours",
      { "a.rego": 'package ringfence.lib.settings\n\nexempt(_) if input.user.name == "me"\n' },
      /is Ringfence's/,
    ],
    [
      "a built-in that the host doesn't have",
      { "a.rego": `${METADATA}findings contains {"pointer": "", "message": sprintf("%v", [1])} if input.service` },
      /left? to the host|leaves to the host/,
    ],
    [
      "a slug of ours",
      {
        "a.rego": `${METADATA.replace("slug: ours", "slug: any-any")}findings contains {"pointer": "", "message": "x"} if input.service`,
      },
      /two guardrails are called any-any/,
    ],
    [
      "METADATA without a fix",
      {
        "a.rego": `${METADATA.replace("#   fix: change it\n", "")}findings contains {"pointer": "", "message": "x"} if input.service`,
      },
      /fix is missing/,
    ],
    ["Rego that doesn't compile", { "a.rego": `${METADATA}findings contains x if y` }, /a\.rego/],
    ["an empty folder", {}, /no Rego file/],
  ];
  test.each(REFUSED)(
    "%s",
    async (name, files, message) => {
      const failure = await build(name.replaceAll(/[^a-z]/g, "-"), files).catch((cause: unknown) => cause);
      expect(failure).toBeInstanceOf(BundleBuildError);
      expect((failure as Error).message).toMatch(message);
    },
    60_000,
  );

  test("and makes a finding of one that is no object", async () => {
    await build("misshapen", { "a.rego": `${METADATA}findings contains input.service.type if input.service` });
    const bundle = readBundle(join(folder, "misshapen-bundle"));
    const engine = new Engine(bundle, defaultSettings(bundle.manifest));
    expect(engine.hasOwnGuardrails).toBe(true);
    const { allowed, findings } = engine.judge(SERVICE);
    expect({ allowed, messages: findings.map(({ message }) => message) }).toEqual({
      allowed: false,
      messages: ["the guardrail returned a finding that is no object"],
    });
  }, 60_000);

  test("and a finding that excuses itself", async () => {
    const finding = '{"pointer": "", "message": "x", "excused": {"id": "me", "approver": "me", "expires": 4000000000}}';
    await build("self-excused", { "a.rego": `${METADATA}findings contains ${finding} if input.service` });
    const bundle = readBundle(join(folder, "self-excused-bundle"));
    const { allowed, findings } = new Engine(bundle, defaultSettings(bundle.manifest)).judge(SERVICE);

    expect({ allowed, excused: findings.map(({ excused }) => excused) }).toEqual({ allowed: false, excused: [null] });
  }, 60_000);
});
