# METADATA
# title: No exception beyond its end
# description: |
#   An exception that would excuse a finding has ended. Nobody is locked out: an update that leaves the rule as it is, or
#   narrows it, still passes where the settings have tolerateUnchanged.
# scope: package
# custom:
#   slug: exception-expired
#   families: [network, workload, service, namespace]
#   mode: enforce
#   severity: high
#   fix: "remove what was excused, or renew the exception: ringfence exception request, as the first time"
#   compliance: [NIST-800-53-CM-3, NIST-800-53-AC-4, PCI-DSS-1.2.2, PCI-DSS-1.2.7, SOC2-CC8.1, ISO-27001-A.8.32]
#   needs: [findings]
#   excusable: false
package ringfence.guardrails.exception_expired

import data.ringfence.lib.exceptions

# METADATA
# title: Findings
# description: The objections of that kind.
findings contains finding if {
	input.exception
	some objection in exceptions.objections
	objection.guardrail == "exception-expired"
	finding := object.remove(objection, ["guardrail"])
}
