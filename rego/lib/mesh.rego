# METADATA
# title: Settings of service meshes
# description: |
#   Which guardrail judges which of the settings that readers find (`input.mesh`). One that is in none of these sets is
#   mesh-bypass's, so that a new one is never passed over.
package ringfence.lib.mesh

import data.ringfence.lib.settings

# METADATA
# title: Mutual TLS is switched off, or need not be used
# description: What mtls-downgrade judges.
mtls := {
	"plaintext-accepted", "plaintext-sent", "mtls-disabled", "port-without-mtls", "one-sided-tls",
	"server-unverified", "auto-mtls-off", "endpoint-without-mtls", "unauthenticated-inbound", "identity-disabled",
}

# METADATA
# title: Less is enforced than it seems, or somebody else enforces it
# description: What mesh-weakening judges.
weakening := {
	"mtls-inherited", "token-optional", "any-audience", "server-unnamed", "any-mesh-identity", "revision-chosen",
	"waypoint-foreign", "capture-changed", "proxy-changed", "protocol-opaque", "address-chosen",
	"shared-with-clusters", "gateway-any-host", "gateway-passthrough", "names-resolved-late", "external-in-mesh",
	"exported-to-all", "identity-claimed", "mesh-egress-open", "mesh-scope-changed", "paths-not-normalised",
	"identity-constant", "identity-fallback", "federation", "names-from-pods", "selectors-of-a-namespace",
}

# METADATA
# title: The agents of a mesh itself
# description: |
#   Workloads and Namespaces of the control plane, which are outside of the mesh by design. Policies in these namespaces
#   are nobody's agents, and are judged.
# scope: document
own_agent(slug) if {
	input.object.family == "workload"
	input.object.namespace in settings.parameters(slug).systemNamespaces
}

own_agent(slug) if {
	input.object.family == "namespace"
	input.object.name in settings.parameters(slug).systemNamespaces
}
