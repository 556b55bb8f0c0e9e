# METADATA
# title: Mutual TLS is not switched off
# description: |
#   Policies of identities hold only where identities are proven. Plaintext that is accepted or sent, for a mesh, a
#   namespace, a workload, one port or one destination; servers that are not verified; and annotations and labels by
#   which a Pod or a namespace does without.
# scope: package
# custom:
#   slug: mtls-downgrade
#   families: [network, workload, namespace]
#   mode: enforce
#   severity: high
#   fix: demand mutual TLS (PeerAuthentication STRICT, DestinationRule ISTIO_MUTUAL), or remove the setting
#   compliance: [
#     NIST-800-53-SC-8(1), NIST-800-53-SC-23, NIST-800-53-IA-9, NIST-800-207, PCI-DSS-4.2.1, PCI-DSS-1.2.6,
#     SOC2-CC6.7, ISO-27001-A.8.24, GDPR-32
#   ]
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       allowed:
#         type: array
#         description: Settings that are no findings, by their name in the facts.
#         maxItems: 50
#         items: {type: string, pattern: "^[a-z-]+$"}
#         default: []
#       systemNamespaces:
#         type: array
#         description: Namespaces of meshes' own control planes and agents, whose workloads are outside of the mesh.
#         maxItems: 50
#         items: {type: string, minLength: 1, maxLength: 63}
#         default: [istio-system, linkerd, linkerd-cni]
package ringfence.guardrails.mtls_downgrade

import data.ringfence.lib.mesh
import data.ringfence.lib.settings

# METADATA
# title: Findings
# description: Every setting by which traffic does without mutual TLS.
findings contains finding if {
	some found in input.mesh
	found.setting in mesh.mtls
	not found.setting in settings.parameters("mtls-downgrade").allowed
	not mesh.own_agent("mtls-downgrade")
	finding := {"pointer": found.pointer, "message": found.words}
}
