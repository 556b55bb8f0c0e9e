# METADATA
# title: No exception that doesn't count
# description: |
#   An object asks for an exception, and it doesn't count: nobody approved it, the approval is for another object or
#   cluster, its signature is not an approver's, the annotations were changed afterwards, or they can't be read. What is
#   wrong with the annotations themselves is always a finding; everything else only where the exception would be needed.
# scope: package
# custom:
#   slug: exception-invalid
#   families: [network, workload, service, namespace]
#   mode: enforce
#   severity: high
#   fix: "correct the annotations, or ask anew: ringfence exception verify -f FILE says what is wrong"
#   compliance: [NIST-800-53-CM-3, NIST-800-53-AC-4, PCI-DSS-1.2.2, PCI-DSS-1.2.7, SOC2-CC8.1, ISO-27001-A.8.32]
#   needs: [findings]
#   excusable: false
package ringfence.guardrails.exception_invalid

import data.ringfence.lib.exceptions

# METADATA
# title: Findings
# description: The objections of that kind.
findings contains finding if {
	input.exception
	some objection in exceptions.objections
	objection.guardrail == "exception-invalid"
	finding := object.remove(objection, ["guardrail"])
}
