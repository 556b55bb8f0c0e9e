/**
 * @module Settings by which traffic leaves a service mesh, its mutual TLS or its policies: annotations and labels of
 * Pods, Namespaces and Services, the mesh's own configuration, and who gets which SPIFFE identity. Readers say what is set; the guardrails
 * (rego/lib/mesh.rego) say how bad that is.
 */

/** Every setting by its name in the facts; docs/facts.md says what they mean. */
export const MESH_SETTINGS = [
  // mutual TLS is switched off, or need not be used
  "plaintext-accepted",
  "plaintext-sent",
  "mtls-disabled",
  "port-without-mtls",
  "one-sided-tls",
  "server-unverified",
  "auto-mtls-off",
  "endpoint-without-mtls",
  "unauthenticated-inbound",
  "identity-disabled",
  // traffic gets around the mesh, the CNI or their policies
  "injection-off",
  "ambient-off",
  "waypoint-off",
  "traffic-excluded",
  "proxy-replaced",
  "status-forged",
  "envoy-filter",
  "registry-open",
  "name-hijacked",
  "extra-network",
  "address-unchecked",
  "conntrack-skipped",
  "source-ranges-inverted",
  "identity-shared",
  "identity-forgeable",
  "identity-without-namespace",
  "identity-privileged",
  "selectors-broad",
  // less is enforced than it seems, or somebody else enforces it
  "mtls-inherited",
  "token-optional",
  "any-audience",
  "server-unnamed",
  "any-mesh-identity",
  "revision-chosen",
  "waypoint-foreign",
  "capture-changed",
  "proxy-changed",
  "protocol-opaque",
  "address-chosen",
  "shared-with-clusters",
  "gateway-any-host",
  "gateway-passthrough",
  "names-resolved-late",
  "external-in-mesh",
  "exported-to-all",
  "identity-claimed",
  "mesh-egress-open",
  "mesh-scope-changed",
  "paths-not-normalised",
  "identity-constant",
  "identity-fallback",
  "federation",
  "names-from-pods",
  "selectors-of-a-namespace",
] as const;

export type MeshSettingName = (typeof MESH_SETTINGS)[number];

/** One such setting of an object. */
export interface MeshSetting {
  readonly setting: MeshSettingName;
  /** JSON Pointer of the place where it is written. */
  readonly pointer: string;
  /** A sentence about what it does, for a message; quotes user text only through `quote()`. */
  readonly words: string;
}
