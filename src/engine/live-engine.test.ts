import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { LiveEngine } from "./live-engine.ts";
import { SHIPPED_BUNDLE, SHIPPED_SETTINGS } from "./shipped-files.ts";

const GOOD = readFileSync(SHIPPED_SETTINGS, "utf8");

describe("the engine in use", () => {
  let folder: string;
  let live: LiveEngine;
  let events: string[];
  const bundle = () => join(folder, "bundle");
  const settings = () => join(folder, "guardrails.yaml");

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "ringfence-live-"));
    cpSync(SHIPPED_BUNDLE, bundle(), { recursive: true });
    writeFileSync(settings(), GOOD);
    events = [];
    live = await LiveEngine.start(
      { bundle: bundle(), settings: settings() },
      { replaced: () => events.push("replaced"), refused: (reason) => events.push(reason) },
    );
  });
  afterEach(() => {
    live.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("stays the same while the files do", async () => {
    const before = live.current;
    writeFileSync(settings(), GOOD);
    await live.reloadIfChanged();
    expect(live.current).toBe(before);
    expect(events).toEqual([]);
  });

  test("is replaced when the settings change", async () => {
    writeFileSync(settings(), GOOD.replace("any-peer:\n    mode: warn", 'any-peer:\n    mode: "off"'));
    await live.reloadIfChanged();
    expect(events).toEqual(["replaced"]);
    expect(live.current.settings.guardrails["any-peer"]?.mode).toBe("off");
  });

  const BAD: readonly [string, () => void, RegExp][] = [
    [
      "an unknown key",
      () => writeFileSync(settings(), `${GOOD}surprise: 1\n`),
      /guardrails\.yaml:\d+:1: unknown key "surprise"/,
    ],
    [
      "a misspelt mode",
      () => writeFileSync(settings(), GOOD.replace("mode: warn", "mode: warm")),
      /guardrails\.yaml:\d+:\d+: /,
    ],
    ["settings that are gone", () => rmSync(settings()), /can't be read \(ENOENT\)/],
    ["a module cut in half", () => truncateSync(join(bundle(), "policy.wasm"), 100_000), /digest is not the one/],
    ["a manifest that is no JSON", () => writeFileSync(join(bundle(), "manifest.json"), "{"), /not JSON/],
  ];
  test.each(BAD)("stays when the change is bad: %s", async (_name, spoil, message) => {
    const before = live.current;
    spoil();
    await live.reloadIfChanged();
    expect(live.current).toBe(before);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatch(message);
    // Once per change, not once per look.
    await live.reloadIfChanged();
    expect(events).toHaveLength(1);
  });

  test("recovers when the files are good again", async () => {
    writeFileSync(settings(), "{");
    await live.reloadIfChanged();
    writeFileSync(settings(), GOOD.replace("tolerateUnchanged: true", "tolerateUnchanged: false"));
    await live.reloadIfChanged();
    expect(events.at(-1)).toBe("replaced");
    expect(live.current.settings.tolerateUnchanged).toBe(false);
  });

  test("looks by itself", async () => {
    live.watch(0.05);
    writeFileSync(settings(), GOOD.replace("name: default", "name: changed"));
    const end = Date.now() + 10_000;
    while (live.current.settings.name !== "changed" && Date.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(live.current.settings.name).toBe("changed");
  });
});
