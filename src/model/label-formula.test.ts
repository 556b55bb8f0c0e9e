/**
 * @module Tests of label formulas: Kubernetes' matching, satisfiability against brute force, and what messages say.
 */
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { FormulaRow } from "../../test/tables/model/read-tables.ts";
import { formulaFrom } from "../../test/tables/model/read-tables.ts";
import type { LabelFormula, Requirement } from "./label-formula.ts";
import { admitsStranger, everyLabel, formulaWords, implies, isSatisfiable, matches, noLabel } from "./label-formula.ts";

test.each<[FormulaRow, Record<string, string>, boolean]>([
  ["app In web,api", { app: "api" }, true],
  ["app In web,api", { app: "db" }, false],
  ["app In web,api", {}, false],
  ["app NotIn web", { app: "api" }, true],
  ["app NotIn web", { app: "web" }, false],
  ["app NotIn web", {}, true],
  ["app Exists", { app: "" }, true],
  ["app Exists", {}, false],
  ["app DoesNotExist", {}, true],
  ["app DoesNotExist", { app: "" }, false],
  ["app Contains eb", { app: "web" }, true],
  ["app Contains eb", {}, false],
  ["app StartsWith we", { app: "web" }, true],
  ["app StartsWith eb", { app: "web" }, false],
  ["app EndsWith eb", { app: "web" }, true],
  ["app EndsWith we", { app: "web" }, false],
  [["app In web", "tier Exists"], { app: "web", tier: "x" }, true],
  [["app In web", "tier Exists"], { app: "web" }, false],
  [{ any: ["app In web", "tier Exists"] }, { tier: "x" }, true],
  [{ not: "app In web" }, {}, true],
  ["constructor Exists", {}, false],
  ["__proto__ DoesNotExist", {}, true],
  ["every", {}, true],
  [{ any: [] }, {}, false],
])("%j matches %j: %j", (row, labels, expected) => {
  expect(matches(formulaFrom(row), labels)).toBe(expected);
  expect(matches(formulaFrom(row), new Map(Object.entries(labels)))).toBe(expected);
});

function deep(formula: LabelFormula, depth: number): LabelFormula {
  return Array.from({ length: depth }).reduce<LabelFormula>((inner) => ({ not: inner }), formula);
}

test("a formula deeper than any reader lets through is taken as wide as it could be, whichever way it is negated", () => {
  for (const depth of [200, 201, 100_000]) {
    for (const formula of [everyLabel, noLabel]) {
      expect(matches(deep(formula, depth), {})).toBe(true);
      expect(isSatisfiable(deep(formula, depth))).toBe(true);
      expect(admitsStranger(deep(formula, depth), [])).toBe(true);
    }
  }
  expect(formulaWords(deep(everyLabel, 200), 80)).toHaveLength(80);
});

test("an always-present key has a value that no policy can name", () => {
  for (const value of ["", "\u0000", "\ue000", "Symbol()", "undefined"]) {
    expect(admitsStranger({ key: "name", operator: "NotIn", values: [value] }, ["name"])).toBe(true);
    expect(admitsStranger({ key: "name", operator: "In", values: [value] }, ["name"])).toBe(false);
  }
});

const KEYS = ["a", "b", "c"];
const VALUES = ["x", "xy", "yx", "z"];
const requirement: fc.Arbitrary<Requirement> = fc
  .record({
    key: fc.constantFrom(...KEYS),
    operator: fc.constantFrom("In", "NotIn", "Exists", "DoesNotExist", "Contains", "StartsWith", "EndsWith"),
    values: fc.array(fc.constantFrom(...VALUES), { minLength: 1, maxLength: 3 }),
  })
  .map(({ operator, values, key }) => {
    const needed = operator.endsWith("In") ? values : operator.includes("Exist") ? [] : values.slice(0, 1);
    return { key, operator, values: needed };
  });
const { formula } = fc.letrec<{ formula: LabelFormula }>((tie) => ({
  formula: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    requirement,
    fc.array(tie("formula"), { maxLength: 4 }).map((all) => ({ all })),
    fc.array(tie("formula"), { maxLength: 3 }).map((any) => ({ any })),
    tie("formula").map((not) => ({ not })),
  ),
}));

// Every text over the small alphabet up to the length that the text operators can tell apart, and a foreign one.
const everyText = ["", "q"];
for (let from = 0; everyText.length < 300; from += 1) {
  for (const letter of ["x", "y", "z"]) everyText.push(`${everyText[from] ?? ""}${letter}`);
}
const textsToTry = [
  ...new Set([...everyText, "xyqyx", "yxqxy", "xqz", "zqx", "xyqz", "zqyx", "yxqz", "zqxy", "zqyxqxy"]),
];

test("satisfiability agrees with brute force over one key", () => {
  const oneKey = formula.map(
    (each) => JSON.parse(JSON.stringify(each).replace(/"key":"[bc]"/g, '"key":"a"')) as LabelFormula,
  );
  fc.assert(
    fc.property(oneKey, (each) => {
      const found = matches(each, {}) || textsToTry.some((value) => matches(each, { a: value }));
      // Brute force may miss a longer text, but what it finds must be satisfiable.
      if (found) expect(isSatisfiable(each)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("satisfiability agrees with brute force over several keys, in both directions, without text operators", () => {
  const plain = formula.filter((each) => !/Contains|StartsWith|EndsWith/.test(JSON.stringify(each)));
  const worlds = [undefined, "x", "xy", "yx", "z", "other"].flatMap((a) =>
    [undefined, "x", "xy", "yx", "z", "other"].flatMap((b) =>
      [undefined, "x", "xy", "yx", "z", "other"].map(
        (c) =>
          new Map(Object.entries({ a, b, c }).filter((entry): entry is [string, string] => entry[1] !== undefined)),
      ),
    ),
  );
  fc.assert(
    fc.property(plain, plain, (each, other) => {
      expect(isSatisfiable(each)).toBe(worlds.some((world) => matches(each, world)));
      expect(implies(each, other)).toBe(worlds.every((world) => !matches(each, world) || matches(other, world)));
    }),
    { numRuns: 300 },
  );
});

test.each<[FormulaRow, boolean]>([
  [["a StartsWith x", "a EndsWith z"], true],
  [["a StartsWith x", "a In xyz"], true],
  [["a StartsWith x", "a NotIn x"], true],
  [["a Contains xy", { not: "a Contains y" }], false],
  [["a StartsWith xy", "a StartsWith xz"], false],
  [["a StartsWith x", "a StartsWith xz"], true],
  [["a EndsWith xz", { not: "a EndsWith z" }], false],
  [["a Contains x", "a Contains y", "a Contains z"], true],
  [["a Contains x", "a In y,z"], false],
  ["a Contains \ue000", true],
  [{ not: "a Contains \ue000" }, true],
])("text operators: %j is satisfiable: %j", (row, expected) => {
  expect(isSatisfiable(formulaFrom(row))).toBe(expected);
});

function contradiction(key: string): LabelFormula {
  return formulaFrom([`${key} Exists`, { not: `${key} Exists` }]);
}

test("formulas that are too large to try count as satisfiable, in bounded time", () => {
  const many = { any: Array.from({ length: 5000 }, (_, index) => contradiction(`k${index}`)) };
  const texts = {
    all: ["Contains", "StartsWith", "EndsWith"].flatMap((operator) =>
      Array.from({ length: 500 }, (_, index) => formulaFrom([`a ${operator} v${index}`, { not: "a Exists" }])),
    ),
  };
  const started = performance.now();
  expect(isSatisfiable(many)).toBe(true);
  expect(isSatisfiable(texts)).toBe(true);
  expect(performance.now() - started).toBeLessThan(1000);
  // A plain conjunction is exact at any size: its keys are tried one by one.
  const plain = Array.from({ length: 5000 }, (_, index) => formulaFrom(`k${index} In a,b`));
  expect(isSatisfiable({ all: [...plain, formulaFrom("k7 NotIn a,b")] })).toBe(false);
});

test.each<[FormulaRow, string]>([
  ["every", "any labels"],
  [{ any: [] }, "no labels"],
  ["app In web", 'app="web"'],
  ["app In web,api", 'app in ("web", "api")'],
  ["app NotIn web", 'app!="web"'],
  ["app NotIn web,api", 'app not in ("web", "api")'],
  [["app Exists", "tier DoesNotExist"], "app exists and no tier"],
  [{ any: ["app Exists", ["a In b", "c In d"]] }, 'app exists or (a="b" and c="d")'],
  [{ not: "app StartsWith w" }, 'not (app starts with "w")'],
  [["app Contains e", "app EndsWith b"], 'app contains "e" and app ends with "b"'],
])("%j in words: %s", (row, words) => {
  expect(formulaWords(formulaFrom(row), 80)).toBe(words);
});

test("words stay within their limit and quote what a user wrote", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.array(fc.string({ unit: "binary" })), (key, values) => {
      const words = formulaWords({ all: [{ key, operator: "NotIn", values }] }, 80);
      expect(words.length).toBeLessThanOrEqual(80);
      expect(words).toMatch(/^[\x20-\x7e]*$/);
    }),
  );
});
