# METADATA
# title: Every namespace has a default deny
# description: |
#   In a namespace without a policy that isolates every Pod, everybody may talk to everybody: the other policies only
#   hold for the Pods that they select. Judged where all policies of the namespace are known: in files that hold the
#   Namespace, and in the audit of a cluster.
# scope: package
# custom:
#   slug: default-deny-missing
#   families: [namespace]
#   mode: audit
#   severity: high
#   fix: add a policy that selects every Pod and allows nothing (policies/default-deny has one for each API), or let Ringfence create it (defaultDeny.mode)
#   compliance: [
#     NIST-800-53-SC-7(5), NIST-800-53-AC-4, NIST-800-207, PCI-DSS-1.2.1, PCI-DSS-1.4.2, SOC2-CC6.6, GDPR-32,
#     ISO-27001-A.8.22, CIS-K8S-5.3.2
#   ]
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       directions:
#         type: array
#         description: Directions that must be isolated.
#         minItems: 1
#         maxItems: 2
#         uniqueItems: true
#         items: {enum: [ingress, egress]}
#         default: [ingress, egress]
package ringfence.guardrails.default_deny_missing

import data.ringfence.lib.settings

# METADATA
# title: Findings
# description: One for a namespace, with the directions that are open.
# scope: document
findings contains finding if {
	input.defaultDeny
	open := [direction |
		some direction in settings.parameters("default-deny-missing").directions
		input.defaultDeny[direction] == false
	]
	count(open) > 0
	finding := {
		"pointer": "/metadata/name",
		"message": concat("", ["no policy isolates every Pod of the namespace for ", concat(" and ", open)]),
	}
}
