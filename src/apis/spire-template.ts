/**
 * @module Templates of spire.spiffe.io (Go's text/template): on what of a Pod its result depends. Source:
 * spiffe/spire-controller-manager docs/clusterspiffeid-crd.md and pkg/spireentry.
 */

/** What a template refers to. */
export interface TemplateReading {
  readonly namespace: boolean;
  readonly serviceAccount: boolean;
  /** Something that tells every Pod apart and that nobody chooses. */
  readonly uid: boolean;
  /** The first reference to something that the Pod's author chooses, or that can't be told from it. */
  readonly chosen: string | undefined;
}

const NAMESPACE = ".PodMeta.Namespace";
const SERVICE_ACCOUNT = ".PodSpec.ServiceAccountName";
const UID = ".PodMeta.UID";
/** The same for all Pods, or the node's: no author of a Pod writes it. */
const NOBODYS: ReadonlySet<string> = new Set([
  ".TrustDomain",
  ".ClusterName",
  ".ClusterDomain",
  ".NodeMeta.Name",
  ".NodeMeta.UID",
]);
const LONGEST_TEMPLATE = 4096;

/** Reads the references of a template. One that is too long to be read is taken for one that anybody can write. */
export function readTemplate(template: string): TemplateReading {
  if (template.length > LONGEST_TEMPLATE) {
    return { namespace: false, serviceAccount: false, uid: false, chosen: "a template of this length" };
  }
  const references = referencesOf(template);
  const known = [NAMESPACE, SERVICE_ACCOUNT, UID];
  return {
    namespace: references.has(NAMESPACE),
    serviceAccount: references.has(SERVICE_ACCOUNT),
    uid: references.has(UID),
    chosen: [...references].find((reference) => !known.includes(reference) && !NOBODYS.has(reference)),
  };
}

/** Every `.Field.Field` inside `{{ }}`; texts in quotes are none. */
function referencesOf(template: string): ReadonlySet<string> {
  const references = new Set<string>();
  for (const part of template.split("{{").slice(1)) {
    const end = part.indexOf("}}");
    const action = (end === -1 ? part : part.slice(0, end)).replace(/"(?:[^"\\]|\\.)*"|`[^`]*`/g, " ");
    for (const [reference] of action.matchAll(/\.[A-Za-z][A-Za-z0-9_.]*/g)) references.add(reference);
    // A lone dot is everything at once: {{ . }}, {{ with . }}.
    if (/(?:^|[\s(|])\.(?:$|[\s)|-])/.test(action)) references.add(".");
  }
  return references;
}
