/**
 * @module The approvers' keys and the cluster's audience, as the options or the settings name them.
 */
import type { Settings } from "../engine/settings.ts";
import { ApprovalVerifier } from "../exceptions/approval-verifier.ts";
import { NAME } from "../exceptions/approval-claims.ts";
import { type ApproverKeys, KeySetError, parseKeySet } from "../exceptions/approver-keys.ts";
import { loadKeyFile } from "../exceptions/key-set-loader.ts";
import type { Arguments } from "./arguments.ts";
import { CallError, type Options } from "./command.ts";
import { checked } from "./exception-target.ts";

export const AUDIENCE_OPTION: Options = {
  audience: {
    type: "string",
    value: "NAME",
    description: "The cluster that the approval is for, instead of the settings' exceptions.audience.",
  },
};

export const APPROVERS_OPTION: Options = {
  approvers: {
    type: "string",
    value: "FILE",
    description: "The approvers' public keys (a JWK set), instead of the settings' exceptions.keys.",
  },
};

/** The audience, or undefined where nobody names one. */
export function audienceOf(args: Arguments, settings: Settings): string | undefined {
  void settings;
  const audience = args.text("audience");
  return audience === undefined
    ? undefined
    : checked(audience, NAME, "no name of a cluster: at most 128 characters of printable ASCII");
}

/**
 * The approvers' keys, or undefined where nobody names any.
 * @throws CallError where they can't be read
 */
export async function approverKeysOf(args: Arguments, settings: Settings): Promise<ApproverKeys | undefined> {
  void settings;
  const path = args.text("approvers");
  if (path === undefined) return undefined;
  try {
    return parseKeySet(await loadKeyFile(path));
  } catch (cause) {
    if (cause instanceof KeySetError) throw new CallError(cause.message);
    throw cause;
  }
}

/** A verifier over those, that knows what the settings revoke. */
export async function verifierOf(args: Arguments, settings: Settings): Promise<ApprovalVerifier> {
  const keys = await approverKeysOf(args, settings);
  return new ApprovalVerifier({
    audience: audienceOf(args, settings) ?? null,
    keys: keys === undefined ? null : { current: () => keys },
    revoked: { ids: [], keys: [], issuedBefore: null },
  });
}
