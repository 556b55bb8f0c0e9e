/**
 * @module `ringfence bundle` with the real opa, and bundles that misbehave under `ringfence check`.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { findOpa, NO_OPA } from "../../tools/find-opa.ts";
import { compileBundle, copyOfShippedBundle, removeFolder, temporaryFolder } from "../bundle/bad-bundles.ts";
import { runCli } from "./run-cli.ts";

const PATIENCE_MS = 180_000;

const opa = findOpa() ?? "";
if (opa === "") process.stdout.write(`skipped: ringfence bundle. ${NO_OPA}\n`);
const withOpa = opa === "" ? describe.skip : describe;

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

const OWN_GUARDRAIL = `# METADATA
# title: No Service of the type ExternalName
# description: It makes the cluster's DNS answer for somebody else.
# scope: package
# custom:
#   slug: no-external-names
#   families: [service]
#   mode: enforce
#   severity: high
#   fix: name the host in the application's own configuration
package acme.no_external_names

# METADATA
# title: Findings
findings contains {"pointer": "/spec/type", "message": "the type ExternalName is not used here"} if {
	input.service.type == "ExternalName"
}
`;

const EXTERNAL_NAME = JSON.stringify({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "elsewhere" },
  spec: { type: "ExternalName", externalName: "example.com" },
});

withOpa("ringfence bundle", () => {
  test(
    "builds what it verifies, and a guardrail of one's own judges beside the others",
    async () => {
      const own = join(folder, "own");
      const output = join(folder, "with-own");
      mkdirSync(own);
      writeFileSync(join(own, "no_external_names.rego"), OWN_GUARDRAIL);
      const options = ["--opa", opa, "--guardrails", own];
      const built = await runCli({ args: ["bundle", "build", ...options, "--output", output] });
      expect(built).toMatchObject({ exit: 0, stdout: expect.stringContaining("guardrails, revision sha256:") });

      const same = await runCli({ args: ["bundle", "verify", output, "--against-sources", ...options] });
      expect(same).toEqual({ exit: 0, stdout: `${output}: good\n`, stderr: "" });
      const others = await runCli({ args: ["bundle", "verify", output, "--against-sources", "--opa", opa] });
      expect(others).toMatchObject({
        exit: 1,
        stdout: expect.stringContaining("differs from what the sources compile to"),
      });

      const args = ["check", "-", "--bundle", output];
      const checked = await runCli({ args, stdin: EXTERNAL_NAME });
      expect(checked).toMatchObject({ exit: 1, stdout: expect.stringContaining("deny  no-external-names") });
      expect(await runCli({ args: ["check", "-"], stdin: EXTERNAL_NAME })).toMatchObject({ exit: 0 });
    },
    PATIENCE_MS,
  );

  test(
    "says what is wrong with a guardrail, and where",
    async () => {
      const own = join(folder, "wrong");
      mkdirSync(own);
      writeFileSync(join(own, "wrong.rego"), OWN_GUARDRAIL.replace("# description", "# descripton"));
      const { exit, stderr } = await runCli({
        args: ["bundle", "build", "--opa", opa, "--guardrails", own, "--output", join(folder, "none")],
      });
      expect({ exit, stderr }).toMatchObject({ exit: 2, stderr: expect.stringContaining(join(own, "wrong.rego")) });
    },
    PATIENCE_MS,
  );

  test(
    "wants a folder that exists",
    async () => {
      const { exit, stderr } = await runCli({
        args: [
          "bundle",
          "build",
          "--opa",
          opa,
          "--guardrails",
          join(folder, "nowhere"),
          "--output",
          join(folder, "none"),
        ],
      });
      expect({ exit, stderr }).toMatchObject({ exit: 2, stderr: expect.stringMatching(/^ringfence: .*nowhere/) });
    },
    PATIENCE_MS,
  );
});

/** What a bundle does instead of judging (module `ringfence.main`), and what the gate says. */
const MISBEHAVIOURS: readonly (readonly [string, string, string])[] = [
  ["forgets its input", 'network := {"uid": "1", "digest": "", "findings": []}', "lost its input"],
  ["has no answer", "network := input.nothing", "lost its input"],
  [
    "finds something without a place",
    'network := {"uid": input.uid, "digest": input.digest, "findings": [{"guardrail": "any-any"}]}',
    "without pointer or message",
  ],
];

withOpa("a bundle that can't judge is an error with the place of the object, never a clean result", () => {
  test.each(MISBEHAVIOURS)(
    "%s",
    async (name, entrypoint, said) => {
      const bundle = compileBundle(opa, folder, name.replaceAll(" ", "-").replaceAll("'", ""), entrypoint);
      const { exit, stdout, stderr } = await runCli({ args: ["check", "allowed.shop.yaml", "--bundle", bundle] });
      expect({ exit, stderr }).toEqual({ exit: 2, stderr: "" });
      expect(stdout).toMatch(/error {2}allowed\.shop\.yaml:10:1: the object could not be judged: .*/);
      expect(stdout).toContain(said);
    },
    PATIENCE_MS,
  );
});

test(
  "a damaged bundle is found without opa",
  async () => {
    const bundle = copyOfShippedBundle(folder, "damaged");
    writeFileSync(join(bundle, "policy.wasm"), "not WebAssembly");
    expect(await runCli({ args: ["bundle", "verify", bundle] })).toMatchObject({
      exit: 1,
      stdout: expect.stringContaining("its digest is not the one in manifest.json"),
    });
  },
  PATIENCE_MS,
);
