import { expect, test } from "@jest/globals";
import { createLogger, shorten } from "./log.ts";

function lines(write: (log: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  const written: string[] = [];
  write(createLogger("info", { write: (line) => void written.push(line) }));
  return written.map((line) => JSON.parse(line));
}

test("an error is logged with its cause for us and without what libraries hang on it", () => {
  const error = Object.assign(new TypeError("broken"), {
    code: "ERR_BROKEN",
    body: "s3cr3t",
    headers: { a: "s3cr3t" },
  });
  const [line] = lines((log) => log.error({ err: error }, "failed"));
  expect(line).toEqual({
    level: "error",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    err: {
      type: "TypeError",
      code: "ERR_BROKEN",
      message: "broken",
      stack: expect.stringContaining("TypeError: broken"),
    },
    msg: "failed",
  });
});

test.each<[thrown: unknown, message: string]>([
  ["text", "text"],
  [null, "not an error but object"],
  [{ body: "s3cr3t" }, "not an error but object"],
  [7, "not an error but number"],
  ["x".repeat(300), `${"x".repeat(256)}...`],
])("what isn't an error is logged without its content, unless it is text (case %#)", (thrown, message) => {
  const [line] = lines((log) => log.error({ err: thrown }, "failed"));
  expect(line?.["err"]).toEqual({ message });
});

test("a string from a request stays short and on its line", () => {
  expect(shorten("x".repeat(257))).toHaveLength(259);
  const [line] = lines((log) => log.warn({ name: shorten("a\nb\u001b[31m") }, "denied"));
  expect(line?.["name"]).toBe("a\nb\u001b[31m");
});
