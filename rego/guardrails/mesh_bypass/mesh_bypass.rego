# METADATA
# title: No way around the mesh
# description: |
#   Annotations and labels that keep the proxy out of a Pod or lead traffic around it, that replace the proxy, or that
#   take a Pod past the policies of its CNI; namespaces that leave the mesh; EnvoyFilters that can strip authorization;
#   ServiceEntries that open the registry to names of anybody or take over somebody's; SPIFFE identities that whoever
#   writes a Pod can get.
# scope: package
# custom:
#   slug: mesh-bypass
#   families: [network, workload, service, namespace]
#   mode: enforce
#   severity: high
#   fix: remove the setting; a workload that can't be in the mesh belongs to a namespace of its own, with an exemption
#   compliance: [
#     NIST-800-53-SC-7(5), NIST-800-53-SC-7(21), NIST-800-53-AC-4, NIST-800-207, PCI-DSS-1.2.5,
#     PCI-DSS-1.2.6, SOC2-CC6.6, SOC2-CC6.7, ISO-27001-A.8.22
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
#       writers:
#         type: array
#         description: Who may write what a mesh's agents alone write on Pods (status-forged), by user name.
#         maxItems: 50
#         items: {type: string, minLength: 1, maxLength: 317}
#         default: [
#           "system:serviceaccount:istio-system:istio-cni", "system:serviceaccount:kube-system:istio-cni"
#         ]
#       namespaceLabels:
#         type: array
#         description: Labels that put a namespace into a mesh; the last of them can't be removed from a live one.
#         maxItems: 50
#         items: {type: string, minLength: 1, maxLength: 317}
#         default: [istio-injection, istio.io/rev, istio.io/dataplane-mode]
#       systemNamespaces:
#         type: array
#         description: Namespaces of meshes' own control planes and agents, whose workloads are outside of the mesh.
#         maxItems: 50
#         items: {type: string, minLength: 1, maxLength: 63}
#         default: [istio-system, linkerd, linkerd-cni]
package ringfence.guardrails.mesh_bypass

import data.ringfence.lib.mesh
import data.ringfence.lib.settings

# METADATA
# title: Findings
# description: Every setting by which traffic gets around the mesh, and every namespace that leaves it.
# scope: document
findings contains finding if {
	some found in input.mesh
	not found.setting in mesh.mtls
	not found.setting in mesh.weakening
	not found.setting in settings.parameters("mesh-bypass").allowed
	not mesh.own_agent("mesh-bypass")
	not _own_status(found)
	finding := {"pointer": found.pointer, "message": found.words}
}

findings contains finding if {
	input.object.family == "namespace"
	some labelled in input.labelled
	is_object(labelled.oldLabels)
	keys := settings.parameters("mesh-bypass").namespaceLabels
	some key in keys
	old := labelled.oldLabels[key]
	not old in _opt_outs
	every left in keys {
		not labelled.labels[left]
	}
	finding := {
		"pointer": labelled.pointer,
		"message": concat("", [`without "`, key, `" the namespace leaves the mesh`]),
		"fix": concat("", [`keep "`, key, `"; or empty the namespace and create it anew`]),
	}
}

# Whoever had these was outside already.
_opt_outs := {"disabled", "none"}

_own_status(found) if {
	found.setting == "status-forged"
	input.user.name in settings.parameters("mesh-bypass").writers
}
