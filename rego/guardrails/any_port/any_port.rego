# METADATA
# title: No rule on every port
# description: |
#   Limited peers, but all or most ports of a protocol. A whole namespace talking to itself is not a finding; named
#   peers beside it are.
# scope: package
# custom:
#   slug: any-port
#   families: [network]
#   mode: warn
#   severity: medium
#   fix: list the ports that the peers need in "ports"
#   compliance: [NIST-800-53-CM-7(1), NIST-800-53-SC-7(5), PCI-DSS-1.2.5, SOC2-CC6.6, ISO-27001-A.8.21]
package ringfence.guardrails.any_port

import data.ringfence.lib.traffic

# METADATA
# title: Findings
# description: Every allow rule, and every union of them, from or to named peers on most ports or more.
findings contains finding if {
	some rule in traffic.scope
	_named(rule.peers)
	rule.ports.reach in {"wide", "all"}
	rule.operations == "all"
	finding := {
		"pointer": rule.ports.pointer,
		"message": traffic.sentence(rule, ""),
		"rules": traffic.pointers(rule),
	}
}

_named(peers) if peers.reach == "selected"

_named(peers) if peers.besideOwnNamespace
