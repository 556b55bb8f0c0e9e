/**
 * @module What the settings of domain-flow say about where domains and tenants are, for the model.
 */
import { AddressSet, parseCidr } from "../model/address-set.ts";
import type { DomainMap, NamespaceName, Place } from "../model/domain-reach.ts";
import type { DomainMaps } from "../model/flow-facts.ts";
import type { Settings } from "./settings.ts";

/** The guardrail whose settings these are. */
export const DOMAIN_FLOW = "domain-flow";

/** The parameters as the guardrail's schema lets them through. */
interface Parameters {
  readonly label: string;
  readonly tenantLabel?: string;
  readonly matrix: readonly unknown[];
  readonly namespaces: readonly (Whereabouts & { readonly names: readonly string[] })[];
  readonly addresses: readonly (Whereabouts & { readonly cidrs: readonly string[] })[];
}

/** A part that is left out says nothing; an empty text says that there is no domain, or no tenant. */
interface Whereabouts {
  readonly domain?: string;
  readonly tenant?: string;
}

/** Words for places that are no domain; a domain can't have such a name. */
const WORDS: Readonly<Record<string, Place>> = {
  outside: { kind: "outside" },
  infrastructure: { kind: "infrastructure" },
  unlabelled: { kind: "unlabelled" },
  "": { kind: "unlabelled" },
};

/**
 * The maps that the facts of a policy need.
 * @returns undefined where domain-flow is off, or has neither a matrix nor tenants to judge by
 */
export function domainMaps(settings: Settings): DomainMaps | undefined {
  const guardrail = Object.hasOwn(settings.guardrails, DOMAIN_FLOW) ? settings.guardrails[DOMAIN_FLOW] : undefined;
  if (guardrail === undefined || guardrail.mode === "off") return undefined;
  const parameters = guardrail.parameters as unknown as Parameters;
  const { label, tenantLabel, matrix } = parameters;
  const domains = matrix.length === 0 ? {} : { domains: mapOf(settings, parameters, label, "domain") };
  const tenants = tenantLabel === undefined ? {} : { tenants: mapOf(settings, parameters, tenantLabel, "tenant") };
  return matrix.length === 0 && tenantLabel === undefined ? undefined : { ...domains, ...tenants };
}

/**
 * Prefixes that are none.
 * @returns each with its JSON Pointer inside of the guardrail's parameters
 */
export function unreadableCidrs(parameters: unknown): readonly { pointer: string; text: string }[] {
  const { addresses = [] } = parameters as Partial<Parameters>;
  return addresses.flatMap(({ cidrs }, index) =>
    cidrs.flatMap((text, place) =>
      parseCidr(text) === undefined ? [{ pointer: `/addresses/${index}/cidrs/${place}`, text }] : [],
    ),
  );
}

function mapOf(
  settings: Settings,
  { namespaces, addresses }: Parameters,
  label: string,
  key: "domain" | "tenant",
): DomainMap {
  return {
    label,
    podLabelIsFact: isBoundToNamespace(settings, label),
    namespaces: namespaces.flatMap((entry) => {
      const place = placeOf(entry, key);
      return place === undefined ? [] : entry.names.map((name) => ({ name: namespaceName(name), place }));
    }),
    addresses: addresses.flatMap((entry) => {
      const place = placeOf(entry, key);
      const sets = entry.cidrs.flatMap((text) => {
        const cidr = parseCidr(text);
        return cidr === undefined ? [] : [cidr.set];
      });
      return place === undefined ? [] : [{ set: AddressSet.unionOf(sets), place }];
    }),
  };
}

/** What is outside is no tenant's either. */
function placeOf(entry: Whereabouts, key: "domain" | "tenant"): Place | undefined {
  const written = entry[key] ?? (entry.domain === "outside" ? "outside" : undefined);
  if (written === undefined) return undefined;
  return Object.hasOwn(WORDS, written) ? WORDS[written] : { kind: "domain", name: written };
}

function namespaceName(text: string): NamespaceName {
  return text.endsWith("*") ? { match: "prefix", value: text.slice(0, -1) } : { match: "exact", value: text };
}

/** Whether label-lock refuses a Pod whose label is another than its Namespace's. */
function isBoundToNamespace({ guardrails }: Settings, label: string): boolean {
  const lock = Object.hasOwn(guardrails, "label-lock") ? guardrails["label-lock"] : undefined;
  const keys = lock?.parameters["domainKeys"];
  return lock?.mode === "enforce" && Array.isArray(keys) && keys.includes(label);
}
