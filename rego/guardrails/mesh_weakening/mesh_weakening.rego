# METADATA
# title: Mesh settings that somebody should look at
# description: |
#   What enforces less than it seems to, rests on a setting elsewhere, or gives the enforcing to somebody else: modes
#   that are inherited, tokens that are optional, other control planes and waypoints, gateways for any host, entries
#   for a whole domain, identities that are claimed.
# scope: package
# custom:
#   slug: mesh-weakening
#   families: [network, workload, service, namespace]
#   mode: warn
#   severity: medium
#   fix: say it explicitly and as narrow as it is needed, or let the platform team own the object
#   compliance: [
#     NIST-800-53-SC-7(5), NIST-800-53-SC-8(1), NIST-800-53-AC-4, PCI-DSS-1.2.5, SOC2-CC6.6,
#     ISO-27001-A.8.9
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
package ringfence.guardrails.mesh_weakening

import data.ringfence.lib.mesh
import data.ringfence.lib.settings

# METADATA
# title: Findings
# description: Every such setting, and a waypoint that takes over from another one.
# scope: document
findings contains finding if {
	some found in input.mesh
	found.setting in mesh.weakening
	not found.setting in settings.parameters("mesh-weakening").allowed
	not mesh.own_agent("mesh-weakening")
	finding := {"pointer": found.pointer, "message": found.words}
}

findings contains finding if {
	some labelled in input.labelled
	is_object(labelled.oldLabels)
	old := labelled.oldLabels[_waypoint]
	object.get(labelled.labels, _waypoint, "none") != old
	finding := {
		"pointer": labelled.pointer,
		"message": "another waypoint, or none, enforces the policies of layer 7 from now on",
	}
}

_waypoint := "istio.io/use-waypoint"
