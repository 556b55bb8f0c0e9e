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
#   compliance: [NIST-800-53-SC-7(5), NIST-800-53-AC-4, PCI-DSS-1.3.1, PCI-DSS-1.3.2, SOC2-CC6.6, ISO-27001-A.8.22]
package ringfence.guardrails.any_peer

import data.ringfence.lib.traffic

# METADATA
# title: Findings
findings contains finding if {
	some rule in traffic.scope
	not traffic.any_any(rule)
	not rule.ports.reach == "none"
	words := _peers(rule)
	finding := {
		"pointer": rule.peers.pointer,
		"message": concat("", [
			"allows ", words,
			" on ", rule.ports.words,
			traffic.together_words(rule),
		]),
	}
}

_peers(rule) := traffic.peers_words(rule) if traffic.wide_peers(rule.peers)

_peers(rule) := concat("", [rule.peers.words, ", labels that any team can give its Pods,"]) if {
	not traffic.wide_peers(rule.peers)
	rule.peers.selfAssignable
}

_peers(rule) := concat("", [rule.peers.words, ", labels that nearly every Pod carries,"]) if {
	not traffic.wide_peers(rule.peers)
	not rule.peers.selfAssignable
	rule.peers.nearlyAll
}

_peers(rule) := concat("", [rule.peers.words, ", whose content can't be seen,"]) if {
	not traffic.wide_peers(rule.peers)
	not rule.peers.selfAssignable
	not rule.peers.nearlyAll
	rule.peers.unresolved
}
