/**
 * @module Two bundles for the cost of guardrails: one with a single workload guardrail, one with thirty of the weight of
 * the shipped ones.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildBundle } from "../../src/engine/bundle-build.ts";
import { SHIPPED_REGO } from "../../src/engine/shipped-files.ts";
import { findOpa } from "../tools/find-opa.ts";

const MODELS = ["host_network", "host_port", "network_capabilities", "label_lock", "required_labels"];
const COUNT = 30;

/** Builds both; a text says why not. */
export async function manyGuardrails(
  folder: string,
): Promise<{ one: string; thirty: string; settings: string } | string> {
  const opa = findOpa();
  if (opa === undefined) return "needs opa (npm run test:rego says how to get it)";
  const build = async (name: string, count: number) => {
    const shipped = join(folder, `rego-${name}`);
    mkdirSync(shipped, { recursive: true });
    cpSync(join(SHIPPED_REGO, "lib"), join(shipped, "lib"), { recursive: true });
    // The engine proves itself with a NetworkPolicy that must be denied.
    cpSync(join(SHIPPED_REGO, "guardrails/any_any"), join(shipped, "any_any"), { recursive: true });
    for (let index = 0; index < count; index += 1) {
      const model = MODELS[index % MODELS.length] ?? "";
      const slug = model.replaceAll("_", "-");
      const source = readFileSync(join(SHIPPED_REGO, "guardrails", model, `${model}.rego`), "utf8")
        .replaceAll(`slug: ${slug}`, `slug: ${slug}-${index}`)
        .replaceAll(`guardrails.${model}`, `guardrails.${model}_${index}`)
        .replaceAll(`"${slug}"`, `"${slug}-${index}"`);
      writeFileSync(join(shipped, `${model}_${index}.rego`), source);
    }
    const output = join(folder, `bundle-${name}`);
    await buildBundle({ shipped, own: [], output, opa });
    return output;
  };
  // The shipped settings name guardrails that these bundles don't have.
  const settings = join(folder, "guardrails.yaml");
  writeFileSync(settings, "apiVersion: ringfence.dev/v1alpha1\nkind: Guardrails\nmetadata: {name: bench}\n");
  return { settings, one: await build("one", 1), thirty: await build("thirty", COUNT) };
}
