# METADATA
# title: No more than what was approved
# description: |
#   An exception holds for the traffic and the findings that the approver saw. One more peer, port or protocol, or a policy
#   that applies to more Pods, is not covered; less always is.
# scope: package
# custom:
#   slug: exception-outgrown
#   families: [network, workload, service, namespace]
#   mode: enforce
#   severity: high
#   fix: "go back to what was approved, or have the object as it is now approved"
#   compliance: [NIST-800-53-CM-3, NIST-800-53-AC-4, PCI-DSS-1.2.2, PCI-DSS-1.2.7, SOC2-CC8.1, ISO-27001-A.8.32]
#   needs: [findings]
#   excusable: false
package ringfence.guardrails.exception_outgrown

import data.ringfence.lib.exceptions

# METADATA
# title: Findings
# description: The objections of that kind.
findings contains finding if {
	input.exception
	some objection in exceptions.objections
	objection.guardrail == "exception-outgrown"
	finding := object.remove(objection, ["guardrail"])
}
