# METADATA
# title: No rule from anyone to anyone
# description: |
#   An allow rule, or the union of all allow rules of one direction, whose other side is anyone, everything outside,
#   the whole cluster or every namespace, on every port and every operation. Such a rule switches segmentation off.
#   Egress to the internet without the private ranges is left to any-peer.
# scope: package
# related_resources:
# - ref: https://csrc.nist.gov/pubs/sp/800/207/final
#   description: NIST SP 800-207, Zero Trust Architecture
# custom:
#   slug: any-any
#   families: [network]
#   mode: enforce
#   severity: critical
#   fix: name the peers in "from" or "to", and the ports in "ports"
#   compliance: [
#     NIST-800-53-SC-7(5), NIST-800-53-AC-4, NIST-800-207, PCI-DSS-1.2.5, PCI-DSS-1.3.1, PCI-DSS-1.3.2,
#     SOC2-CC6.6, ISO-27001-A.8.22, CIS-Kubernetes-5.3.2, GDPR-32
#   ]
package ringfence.guardrails.any_any

import data.ringfence.lib.traffic

# METADATA
# title: Findings
# description: Every allow rule, and every union of them, that is as wide as that.
findings contains finding if {
	some rule in traffic.scope
	traffic.any_any(rule)
	finding := {
		"pointer": rule.pointer,
		"message": traffic.sentence(rule, ""),
		"rules": traffic.pointers(rule),
	}
}
