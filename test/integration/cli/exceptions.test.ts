/**
 * @module `ringfence exception ...` as people use it: the real program, real keys, files on disk.
 */
import { execFile } from "node:child_process";
import { chmodSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type ExceptionFolder, ExceptionWorkshop, POLICY, SETTINGS } from "./exception-folder.ts";

const PATIENCE_MS = 120_000;
const run = promisify(execFile);

let workshop: ExceptionWorkshop;
beforeAll(async () => {
  workshop = await ExceptionWorkshop.open();
}, PATIENCE_MS);
afterAll(() => workshop.close());

let folder: ExceptionFolder;
beforeEach(() => {
  folder = workshop.folder();
});
afterEach(() => folder.remove());

/** A test that starts programs takes a while on a busy machine. */
function scenario(name: string, steps: () => Promise<void>): void {
  test(name, steps, PATIENCE_MS);
}

function annotation(file: string, key: string): string | undefined {
  return new RegExp(`ringfence.dev/${key}: "(.*)"`).exec(folder.read(file))?.[1];
}

function payload(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as Record<string, unknown>;
}

describe("from the request to the end", () => {
  scenario("asked for, approved, narrowed, widened, ended", async () => {
    expect((await folder.check()).exit).toBe(1);
    const asked = await folder.request();
    expect(asked).toMatchObject({ exit: 0, stderr: "" });
    expect(asked.stdout).toContain("any-any  spec.ingress[0]: allows anyone on every port");
    expect(asked.stdout).toContain("ringfence exception approve -f shop.yaml --key KEY --approver NAME");
    expect(folder.read("shop.yaml")).toBe(
      POLICY.replace(
        "shop-team}\n",
        `shop-team}
  annotations:
    ringfence.dev/exception: "any-any"
    ringfence.dev/exception-reason: "SEC-123 the partner"
    ringfence.dev/exception-requester: "alice"
    ringfence.dev/exception-ttl: "72h"
`,
      ),
    );
    // Asking alone excuses nothing.
    expect((await folder.check()).exit).toBe(1);
    expect(await folder.verify()).toMatchObject({ exit: 1, stdout: expect.stringContaining("nobody has approved it") });

    const approved = await folder.approve();
    expect(approved).toMatchObject({ exit: 0, stderr: "" });
    expect(approved.stdout).toContain("Commit shop.yaml and apply it.");
    expect(annotation("shop.yaml", "exception-ttl")).toBeUndefined();
    const until = annotation("shop.yaml", "exception-expires") ?? "";
    expect(until).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(await folder.verify()).toMatchObject({ exit: 0, stdout: expect.stringContaining("the exception counts") });
    expect(await folder.check()).toMatchObject({ exit: 0, stdout: expect.stringContaining("1 excused") });

    const text = folder.read("shop.yaml");
    folder.write("shop.yaml", text.replace("0.0.0.0/0", "0.0.0.0/1"));
    expect((await folder.verify()).exit).toBe(0);
    folder.write("shop.yaml", text.replace("{cidr: 0.0.0.0/0}}", "{cidr: 0.0.0.0/0}}, {namespaceSelector: {}}"));
    expect(await folder.verify()).toMatchObject({ exit: 1, stdout: expect.stringContaining("exception-outgrown") });
    folder.write("shop.yaml", text.replace("name: web", "name: other"));
    expect(await folder.verify()).toMatchObject({
      exit: 1,
      stdout: expect.stringContaining("wrong-object, it is for another object"),
    });
    folder.write("shop.yaml", text);
    expect((await folder.verify("--now", until)).exit).toBe(1);
    const ended = await folder.verify("--now", "2031-01-01T00:00:00Z");
    expect(ended).toMatchObject({ exit: 1, stdout: expect.stringContaining("expired, it has ended") });
    expect(await folder.verify("--audience", "staging")).toMatchObject({
      exit: 1,
      stdout: expect.stringContaining('wrong-audience, it is for another cluster: it is for "prod"'),
    });
  });

  scenario("a second approver is added to the first, where two are needed", async () => {
    folder.write("shop.yaml", POLICY.replace("cidr: 0.0.0.0/0", "cidr: 10.1.2.0/24"));
    await folder.run("request", "-f", "shop.yaml", "--guardrail", "any-port", "--ttl", "1d", "--reason", "SEC-1");
    const first = await folder.approve("bob");
    expect(first.stdout).toContain(
      "It doesn't count yet: commit shop.yaml; one more approver has to run the same command",
    );
    expect(await folder.verify()).toMatchObject({ exit: 1, stdout: expect.stringContaining("any-port  spec") });
    expect(await folder.approve("bob")).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("bob has approved exactly this already"),
    });
    expect(await folder.approve("carol")).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining("beside     1 approval of the same"),
    });
    const tokens = (annotation("shop.yaml", "exception-approval") ?? "").split(" ");
    expect(tokens.map((token) => payload(token)["sub"])).toEqual(["bob", "carol"]);
    expect(new Set(tokens.map((token) => payload(token)["exp"])).size).toBe(1);
    expect((await folder.verify()).exit).toBe(0);
  });

  scenario("asked for again is a renewal, which remembers the first", async () => {
    await folder.request();
    await folder.approve();
    const first = payload(annotation("shop.yaml", "exception-approval") ?? "");
    await folder.request();
    expect(annotation("shop.yaml", "exception-expires")).toBeUndefined();
    expect((await folder.approve()).stdout).toContain("renewal    number 1");
    const second = payload(annotation("shop.yaml", "exception-approval") ?? "");
    expect(second["renewal"]).toEqual({ count: 1, first: first["iat"], previous: first["jti"] });
    await folder.request();
    await folder.approve("carol");
    const third = payload(annotation("shop.yaml", "exception-approval") ?? "");
    expect(third["renewal"]).toEqual({ count: 2, first: first["iat"], previous: second["jti"] });
    expect((await folder.verify()).exit).toBe(0);
    // The settings allow two.
    await folder.request();
    expect(await folder.approve()).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("it was renewed more than 2 times"),
    });
  });

  scenario("a workload carries it to its Pods", async () => {
    folder.write(
      "shop.yaml",
      `apiVersion: apps/v1
kind: Deployment
metadata:
  name: agent
  namespace: shop
  labels: &no {owner: shop-team, security-domain: shop}
spec:
  template:
    metadata:
      labels: {owner: shop-team, security-domain: shop, app: agent}
    spec:
      hostNetwork: true
      containers: [{name: agent, image: agent}]
`.replace("&no ", ""),
    );
    expect((await folder.request("--guardrail", "host-network")).exit).toBe(2);
    await folder.run("request", "-f", "shop.yaml", "--guardrail", "host-network", "--ttl", "1h", "--reason", "SEC-1");
    expect(folder.read("shop.yaml").match(/ringfence.dev\/exception: "host-network"/g)).toHaveLength(2);
    expect((await folder.approve()).exit).toBe(0);
    expect(folder.read("shop.yaml").match(/ringfence.dev\/exception-approval: /g)).toHaveLength(2);
    expect(await folder.verify()).toMatchObject({ exit: 0 });
    folder.write(
      "shop.yaml",
      folder.read("shop.yaml").replace(/exception-reason: "SEC-1"/, 'exception-reason: "SEC-2"'),
    );
    expect(await folder.verify()).toMatchObject({
      exit: 1,
      stdout: expect.stringContaining("is not the same as on the object's own metadata"),
    });
  });
});

describe("request", () => {
  const rows: readonly (readonly [string, readonly string[], string])[] = [
    ["a guardrail without a finding", ["--guardrail", "any-port"], "not all of any-any, any-port have a finding here"],
    ["a guardrail that doesn't exist", ["--guardrail", "any-many"], 'there is no guardrail "any-many"'],
    ["a guardrail that allows no exceptions", ["--guardrail", "label-lock"], "there are no exceptions from label-lock"],
    ["no length of time", ["--ttl", "tomorrow"], "is no length of time"],
    ["no time at all", ["--ttl", "0h"], "is no length of time"],
    ["a reason of two lines", ["--reason", "a\nb"], "line breaks or invisible characters"],
    ["a reason that turns around", ["--reason", "a\u202eb"], "line breaks or invisible characters"],
    ["an empty reason", ["--reason", "  "], "--reason is empty"],
    ["a long reason", ["--reason", "x".repeat(1001)], "longer than 1000 characters"],
    ["a requester that looks like another", ["--requester", "\u0430lice"], "is no name"],
    ["a name that isn't there", ["--name", "nowhere"], "have a finding here"],
    ["a file that isn't there", ["-f", "nowhere.yaml"], "nowhere.yaml: the file can't be read (ENOENT)"],
    ["two files", ["other.yaml"], "needs one file: -f FILE"],
  ];
  scenario("refuses, and changes nothing", async () => {
    for (const [name, args, problem] of rows) {
      const { exit, stdout, stderr } = await folder.request(...args);
      const expected = name === "a name that isn't there" ? "has no finding here" : problem;
      expect({ name, exit, stdout, said: stderr.includes(expected) ? expected : stderr }).toEqual({
        name,
        exit: 2,
        stdout: "",
        said: expected,
      });
      expect(folder.read("shop.yaml")).toBe(POLICY);
    }
  });

  scenario("says which guardrails have findings", async () => {
    const { stderr } = await folder.run(
      "request",
      "-f",
      "shop.yaml",
      "--guardrail",
      "any-port",
      "--ttl",
      "1h",
      "--reason",
      "SEC-1",
    );
    expect(stderr).toBe(
      "ringfence: any-port has no finding here, so there is nothing to excuse. Findings are there of:\n" +
        "  NetworkPolicy shop/web: any-any\n",
    );
  });

  scenario("finds the object with the finding among several, and asks where there are two", async () => {
    const fine = POLICY.replace("name: web", "name: fine").replace(/ {2}ingress:\n.*\n/, "");
    folder.write("shop.yaml", `${fine}---\n${POLICY}`);
    expect((await folder.request()).exit).toBe(0);
    expect(folder.read("shop.yaml").startsWith(`${fine}---\n`)).toBe(true);
    folder.write("shop.yaml", `${POLICY.replace("name: web", "name: api")}---\n${POLICY}`);
    expect((await folder.request()).stderr).toContain(
      "NetworkPolicy shop/api, NetworkPolicy shop/web. Choose one with --kind and --name",
    );
    const asked = await folder.request("--name", "web");
    expect(asked.exit).toBe(0);
    expect(asked.stdout).toContain("approve -f shop.yaml --name web --key KEY");
  });

  scenario("refuses a file that the gate refuses", async () => {
    folder.write("shop.yaml", POLICY.replace("name: web", "name: &a web"));
    expect(await folder.request()).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("shop.yaml:5:9: remove the anchor"),
    });
  });
});

describe("approve", () => {
  scenario("refuses, and changes nothing", async () => {
    await folder.request();
    const before = folder.read("shop.yaml");
    const rows: readonly (readonly [string, readonly string[], string])[] = [
      ["the requester", ["--approver", "alice"], "alice asks for this exception, and nobody approves their own"],
      ["the requester in another case", ["--approver", "Alice"], "nobody approves their own"],
      ["somebody else's key", ["--approver", "carol"], "would not count: bad-signature"],
      ["a key that no cluster knows", ["--kid", "other"], "would not count: unknown-key"],
      ["an end in the past", ["--until", "2026-01-01T00:00:00Z"], "would have ended already"],
      ["an end that is none", ["--until", "2026-02-30T00:00:00Z"], "is no time like"],
      ["an end that the settings don't allow", ["--until", inDays(40)], "exception-too-long"],
      ["an end in a hundred years", ["--until", "2099-01-01T00:00:00Z"], "no exception is for more than a year"],
      ["no such key", ["--key", "nowhere"], "the key can't be read (ENOENT)"],
      ["a public key", ["--key", "approvers.json"], "can be used by others"],
    ];
    for (const [name, args, problem] of rows) {
      const { exit, stderr } = await folder.approve("bob", ...args);
      expect({ name, exit, said: stderr.includes(problem) ? problem : stderr }).toEqual({
        name,
        exit: 2,
        said: problem,
      });
      expect(folder.read("shop.yaml")).toBe(before);
    }
  });

  scenario("refuses a key that others can read, and never prints one", async () => {
    await folder.request();
    const secret = (JSON.parse(folder.read("bob.key.json")) as { d: string }).d;
    chmodSync(join(folder.path, "bob.key.json"), 0o640);
    const refused = await folder.approve();
    expect(refused).toMatchObject({ exit: 2, stderr: expect.stringContaining("chmod 600") });
    chmodSync(join(folder.path, "bob.key.json"), 0o600);
    const approved = await folder.approve();
    expect(approved.exit).toBe(0);
    for (const { stdout, stderr } of [refused, approved]) expect(stdout + stderr).not.toContain(secret);
    expect(folder.read("shop.yaml")).not.toContain(secret);
  });

  scenario("wants a namespace, an audience, a requester and a reason", async () => {
    folder.write("shop.yaml", POLICY.replace("  namespace: shop\n", ""));
    await folder.request();
    expect((await folder.approve()).stderr).toContain("names no namespace, and an approval is for one");
    expect((await folder.approve("bob", "-n", "shop")).exit).toBe(0);

    folder.write("shop.yaml", POLICY);
    await folder.request();
    const plain = ["approve", "-f", "shop.yaml", "--key", "bob.key.json", "--approver", "bob"];
    expect((await folder.run(...plain, "--yes")).stderr).toContain("add --audience NAME");
    const asked = folder.read("shop.yaml");
    folder.write("shop.yaml", asked.replace(/.*exception-requester.*\n/, ""));
    expect((await folder.approve()).stderr).toContain("doesn't say who asks for it");
    folder.write("shop.yaml", asked.replace(/.*exception-reason.*\n/, ""));
    expect((await folder.approve()).stderr).toContain("gives no reason");
    folder.write("shop.yaml", asked.replace(/.*exception-ttl.*\n/, ""));
    expect((await folder.approve()).stderr).toContain("doesn't say for how long");
    folder.write("shop.yaml", asked.replace("72h", "3 days"));
    expect((await folder.approve()).stderr).toContain('"3 days": no length of time');
    folder.write("shop.yaml", POLICY);
    expect((await folder.approve()).stderr).toContain("the file holds no such object with an exception");
  });

  scenario("asks on a terminal, and only yes signs", async () => {
    await folder.request();
    const asked = folder.read("shop.yaml");
    const call = `"${process.execPath}" "${workshop.program}" exception approve -f shop.yaml --key bob.key.json --approver bob --settings guardrails.yaml`;
    const answer = async (text: string) => {
      // util-linux' `script` makes the terminal.
      const typed = `(sleep 2; echo ${text}; sleep 2) | script -qc '${call}' /dev/null`;
      const { stdout } = await run("bash", ["-c", typed], { cwd: folder.path });
      return stdout;
    };
    expect(await answer("y")).toContain("Nothing was signed.");
    expect(folder.read("shop.yaml")).toBe(asked);
    const said = await answer("yes");
    expect(said).toContain('Sign it? Only "yes" signs:');
    expect(said).toContain("Approved: ");
    expect((await folder.verify()).exit).toBe(0);

    folder.write("shop.yaml", asked);
    const unattended = await folder.run(
      "approve",
      "-f",
      "shop.yaml",
      "--key",
      "bob.key.json",
      "--approver",
      "bob",
      "--settings",
      "guardrails.yaml",
    );
    expect(unattended).toMatchObject({ exit: 2, stderr: expect.stringContaining("there is no terminal to ask on") });
    expect(folder.read("shop.yaml")).toBe(asked);
  });
});

function inDays(days: number): string {
  return `${new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 19)}Z`;
}

describe("verify", () => {
  scenario("needs keys and an audience, and says so", async () => {
    await folder.request();
    const { exit, stderr } = await folder.run("verify", "-f", "shop.yaml");
    expect({ exit, stderr }).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("add --approvers FILE and --audience NAME"),
    });
    const given = ["--approvers", "approvers.json", "--audience", "prod"];
    expect((await folder.run("verify", "-f", "shop.yaml", ...given)).exit).toBe(1);
    expect((await folder.verify("--approvers", "nowhere")).stderr).toContain(
      "the approvers' keys can't be read (ENOENT)",
    );
    expect((await folder.verify("--now", "tomorrow")).stderr).toContain("is no time like");
  });

  scenario("of a file without exceptions is content", async () => {
    expect(await folder.verify()).toEqual({ exit: 0, stdout: "shop.yaml: no exceptions\n", stderr: "" });
  });
});

describe("list", () => {
  scenario("who, what, why, until when, and what ends soon", async () => {
    expect(await folder.run("list", "shop.yaml")).toEqual({ exit: 0, stdout: "no exceptions\n", stderr: "" });
    await folder.request();
    expect((await folder.run("list", "shop.yaml")).stdout).toContain("until      not approved yet; asked for 3 days");
    await folder.approve();
    const { id } = { id: payload(annotation("shop.yaml", "exception-approval") ?? "")["jti"] as string };
    const { stdout } = await folder.run("list", "shop.yaml", "-o", "json");
    expect(JSON.parse(stdout)).toEqual({
      apiVersion: "ringfence.dev/v1alpha1",
      kind: "ExceptionList",
      exceptions: [
        {
          file: "shop.yaml",
          line: 2,
          object: { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", namespace: "shop", name: "web" },
          guardrails: ["any-any"],
          reason: "SEC-123 the partner",
          requester: "alice",
          approvals: [{ id, approver: "bob", until: annotation("shop.yaml", "exception-expires") }],
          until: annotation("shop.yaml", "exception-expires"),
          ttl: null,
          problems: [],
        },
      ],
    });
    expect((await folder.run("list", "shop.yaml", "--expiring", "2d")).exit).toBe(0);
    expect((await folder.run("list", "shop.yaml", "--expiring", "4d")).exit).toBe(1);
    expect(await folder.run("list", "shop.yaml", "nowhere.yaml")).toMatchObject({
      exit: 2,
      stderr: "ringfence: nowhere.yaml: there is no such file or folder\n",
    });
  });

  scenario("what is wrong with the annotations", async () => {
    await folder.request();
    folder.write(
      "shop.yaml",
      folder.read("shop.yaml").replace('"72h"', '"72h"\n    ringfence.dev/exception-aproval: "x"'),
    );
    expect((await folder.run("list", "shop.yaml")).stdout).toContain("is no annotation of an exception");
  });
});

describe("revoke", () => {
  scenario("adds the id, keeps the comments, and the approval counts no more", async () => {
    await folder.request();
    await folder.approve();
    const id = payload(annotation("shop.yaml", "exception-approval") ?? "")["jti"] as string;
    expect(await folder.run("revoke", "--id", id, "-f", "guardrails.yaml")).toMatchObject({ exit: 0, stderr: "" });
    expect(folder.read("guardrails.yaml")).toBe(`${SETTINGS}  revoked:\n    ids:\n      - "${id}"\n`);
    expect(await folder.verify()).toMatchObject({
      exit: 1,
      stdout: expect.stringContaining("revoked, it was taken back"),
    });
    const again = await folder.run("revoke", "--id", id, "--id", "another", "-f", "guardrails.yaml");
    expect(again.stdout).toContain(`${id} was revoked already\nanother is revoked\n`);
    expect(folder.read("guardrails.yaml")).toBe(
      `${SETTINGS}  revoked:\n    ids:\n      - "${id}"\n      - "another"\n`,
    );
  });

  scenario("refuses what are no settings, and what is no id", async () => {
    expect((await folder.run("revoke", "--id", "a", "-f", "shop.yaml")).stderr).toContain(
      "these are no settings of Ringfence",
    );
    expect((await folder.run("revoke", "--id", "a b", "-f", "guardrails.yaml")).stderr).toContain(
      "is no id of an approval",
    );
    expect((await folder.run("revoke", "-f", "guardrails.yaml")).stderr).toContain("needs --id ID");
    expect((await folder.run("revoke", "--id", "a", "-f", "nowhere")).stderr).toContain("can't be read (ENOENT)");
    expect(folder.read("guardrails.yaml")).toBe(SETTINGS);
  });
});

describe("keygen", () => {
  scenario("makes a key that its owner alone can read, and adds to the set", async () => {
    expect(statSync(join(folder.path, "bob.key.json")).mode & 0o777).toBe(0o600);
    const { keys } = JSON.parse(folder.read("approvers.json")) as { keys: Record<string, string>[] };
    expect(keys.map(({ approver, alg }) => [approver, alg])).toEqual([
      ["bob", "ES256"],
      ["carol", "EdDSA"],
    ]);
    expect(folder.read("approvers.json")).not.toContain('"d"');
    const before = folder.read("bob.key.json");
    const again = await folder.run("keygen", "--approver", "bob");
    expect(again).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("bob.key.json exists: nothing was changed"),
    });
    expect(folder.read("bob.key.json")).toBe(before);
    expect((JSON.parse(folder.read("approvers.json")) as { keys: unknown[] }).keys).toHaveLength(2);

    const out = await folder.run("keygen", "--approver", "Dora <dora@example.com>", "--out", "keys/new");
    expect(out.exit).toBe(0);
    expect(statSync(join(folder.path, "keys/new/Dora_dora_example.com.key.json")).mode & 0o777).toBe(0o600);
    folder.write("approvers.json", "[]");
    expect((await folder.run("keygen", "--approver", "eve")).stderr).toContain("this is no JWK set");
  });
});
