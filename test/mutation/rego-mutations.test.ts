/**
 * @module The mutants of a small Rego file, each with the line that it changes.
 */
import { expect, test } from "@jest/globals";
import { mutantsOf } from "./rego-mutations.ts";

const SOURCE = `# METADATA
# title: true == false
package example

import data.lib

findings contains finding if {
	some rule in input.rules
	not rule.staged
	rule.share >= 0.5
	finding := {
		"message": "a == b",
	}
}

limit := 7 if input.wide

else := 8
`;

test("every line of code is changed in every way, and nothing else is", () => {
  const mutants = mutantsOf(SOURCE).map(({ line, change, text }) => `${line} ${change}: ${changedLines(text)}`);

  expect(mutants).toEqual([
    "7 definition removed: -",
    "8 statement removed: -",
    "9 not becomes nothing: rule.staged",
    "9 statement removed: -",
    "10 >= becomes >: rule.share > 0.5",
    "10 >= becomes <: rule.share < 0.5",
    "10 0.5 becomes 1.5: rule.share >= 1.5",
    "10 statement removed: -",
    "10 statement negated: not rule.share >= 0.5",
    "11 statement removed: -",
    '12 "message" becomes another text: "message~": "a == b",',
    '12 "a == b" becomes another text: "message": "a == b~",',
    "16 7 becomes 8: limit := 8 if input.wide",
    "16 condition removed: limit := 7",
    "16 condition negated: limit := 7 if not input.wide",
    "16 definition removed: -",
    "18 8 becomes 9: else := 9",
    "18 definition removed: -",
  ]);
});

test("a removed statement takes its continuation lines along", () => {
  const [removed] = mutantsOf(SOURCE).filter(({ line, change }) => line === 11 && change === "statement removed");

  expect(removed?.text).toBe(SOURCE.replace('\tfinding := {\n\t\t"message": "a == b",\n\t}\n', ""));
});

/** The lines of a mutant that the source doesn't have, `-` where it only lacks some. */
function changedLines(text: string): string {
  const original = new Set(SOURCE.split("\n"));
  const changed = text.split("\n").filter((line) => !original.has(line));
  return changed.map((line) => line.trim()).join(" ") || "-";
}
