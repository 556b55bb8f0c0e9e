# METADATA
# title: No rule from anyone, even on few ports
# description: |
#   The same width of peers as any-any, on limited ports or operations; peers that any team can become by giving its
#   Pods a label; and choices whose content can't be seen.
# scope: package
# custom:
#   slug: any-peer
#   families: [network]
#   mode: warn
#   severity: high
#   fix: name the peers that need it in "from" or "to"
#   compliance: [
#     NIST-800-53-SC-7(5), NIST-800-53-AC-4, NIST-800-207, PCI-DSS-1.3.1, PCI-DSS-1.3.2, SOC2-CC6.6,
#     ISO-27001-A.8.22
#   ]
package ringfence.guardrails.any_peer

import data.ringfence.lib.traffic

# METADATA
# title: Findings
# description: Every allow rule, and every union of them, with such peers that any-any leaves.
findings contains finding if {
	some rule in traffic.scope
	not traffic.any_any(rule)
	remark := _remark(rule.peers)
	finding := {
		"pointer": rule.peers.pointer,
		"message": traffic.sentence(rule, remark),
		"rules": traffic.pointers(rule),
	}
}

_remark(peers) := "" if traffic.wide_peers(peers)

else := ", labels that nearly every Pod carries," if peers.nearlyAll

else := ", labels that any team can give its Pods," if peers.selfAssignable

else := ", whose content can't be seen," if peers.unresolved
