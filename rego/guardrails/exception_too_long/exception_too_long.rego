# METADATA
# title: No exception longer than the settings allow
# description: |
#   An approval whose length, number of renewals or total length is beyond the limits of the settings (exceptions.limits)
#   excuses nothing.
# scope: package
# custom:
#   slug: exception-too-long
#   families: [network, workload, service, namespace]
#   mode: enforce
#   severity: medium
#   fix: "ask for a shorter exception: ringfence exception request -f FILE --ttl 72h"
#   compliance: [NIST-800-53-CM-3, NIST-800-53-AC-4, PCI-DSS-1.2.2, PCI-DSS-1.2.7, SOC2-CC8.1, ISO-27001-A.8.32]
#   needs: [findings]
#   excusable: false
package ringfence.guardrails.exception_too_long

import data.ringfence.lib.exceptions

# METADATA
# title: Findings
# description: The objections of that kind.
findings contains finding if {
	input.exception
	some objection in exceptions.objections
	objection.guardrail == "exception-too-long"
	finding := object.remove(objection, ["guardrail"])
}
