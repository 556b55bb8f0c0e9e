import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { JsonObject } from "../intake/json-value.ts";
import { appProjectReader } from "./argo-project.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 500);

const pattern = fc.constantFrom("*", "**", "a*", "shop", "shop-*", "?*", "[a-m]*", "[n-z0-9]*", "{a*,b*}", "[", "");
const url = fc.constantFrom("*", "https://**", "https://github.com/*/*", "https://git.example.com/shop/*", "ssh://**");
const server = fc.constantFrom("*", "https://*", "https://kubernetes.default.svc", "");
const spec = fc.record({
  sourceRepos: fc.array(url, { maxLength: 3 }),
  destinations: fc.array(fc.record({ server, namespace: pattern }), { maxLength: 4 }),
  clusterResourceWhitelist: fc.array(fc.record({ group: pattern, kind: pattern }), { maxLength: 3 }),
  sourceNamespaces: fc.array(pattern, { maxLength: 3 }),
});

function widths(object: JsonObject): ReadonlySet<string> {
  const { allowances = [] } = appProjectReader.read({ spec: object });
  return new Set(allowances.filter(({ reach }) => reach === "any").map(({ aspect }) => aspect));
}

test("a project that allows more is never limited in more", () => {
  fc.assert(
    fc.property(spec, spec, (one, other) => {
      const both = Object.fromEntries(
        Object.entries(one).map(([key, list]) => [key, [...list, ...other[key as keyof typeof other]]]),
      );
      const together = widths(both);
      for (const aspect of [...widths(one), ...widths(other)]) expect(together).toContain(aspect);
    }),
    { numRuns: RUNS },
  );
});
