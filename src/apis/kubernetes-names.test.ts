import { describe, expect, test } from "@jest/globals";
import { isLabelKey, isLabelValue, isPortName } from "./kubernetes-names.ts";

const longest = "a".repeat(63);
const longestPrefix = `${"a".repeat(200)}.${"b".repeat(52)}`;

describe("the key of a label", () => {
  test.each([
    "app",
    "A",
    "0",
    "a-b_c.D",
    longest,
    "example.com/app",
    `${longestPrefix}/${longest}`,
    "a/b",
    "0.1/x",
    "a-b.c/d",
  ])("%s is one", (text) => expect(isLabelKey(text)).toBe(true));
  test.each([
    "",
    "/",
    "/a",
    "a/",
    "a/b/c",
    "-a",
    "a-",
    "_a",
    ".a",
    "a b",
    "é",
    "a\n",
    `a${longest}`,
    "Example.com/a",
    "a_b/c",
    "a..b/c",
    "-a/b",
    "a-/b",
    `a${longestPrefix}/a`,
    "__proto__",
  ])("%j is none", (text) => expect(isLabelKey(text)).toBe(false));
});

describe("the value of a label", () => {
  test.each(["", "web", "A.b_c-1", longest])("%j is one", (text) => expect(isLabelValue(text)).toBe(true));
  test.each([" ", "a b", "-", "a-", "web\n", `a${longest}`, "a/b", "ö"])("%j is none", (text) =>
    expect(isLabelValue(text)).toBe(false),
  );
});

describe("the name of a port", () => {
  test.each(["http", "a", "a-b", "8080tcp", "a23456789012345"])("%j is one", (text) =>
    expect(isPortName(text)).toBe(true),
  );
  test.each(["", "80", "8-0", "HTTP", "a--b", "-a", "a-", "a_b", "a234567890123456", "http\n"])("%j is none", (text) =>
    expect(isPortName(text)).toBe(false),
  );
});
