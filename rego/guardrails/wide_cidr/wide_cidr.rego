# METADATA
# title: Address ranges no wider than the organisation allows
# description: |
#   Counts the addresses that a rule names in all, so that a range can't hide by being split. A limit is a prefix
#   length: 13 means no more addresses than one /13 holds.
# scope: package
# custom:
#   slug: wide-cidr
#   families: [network]
#   mode: warn
#   severity: medium
#   fix: name the subnets that are meant, or single addresses
#   compliance: [
#     NIST-800-53-SC-7(5), NIST-800-53-AC-4, PCI-DSS-1.3.1, PCI-DSS-1.4.2, SOC2-CC6.6, ISO-27001-A.8.22
#   ]
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       ingress:
#         type: object
#         description: Shortest prefix that ingress rules may add up to, per family.
#         additionalProperties: false
#         properties:
#           ipv4: {type: integer, minimum: 0, maximum: 32, description: Prefix length; 0 is no limit.}
#           ipv6: {type: integer, minimum: 0, maximum: 52, description: Prefix length; 0 is no limit.}
#         required: [ipv4, ipv6]
#         default: {ipv4: 13, ipv6: 32}
#       egress:
#         type: object
#         description: Shortest prefix that egress rules may add up to, per family.
#         additionalProperties: false
#         properties:
#           ipv4: {type: integer, minimum: 0, maximum: 32, description: Prefix length; 0 is no limit.}
#           ipv6: {type: integer, minimum: 0, maximum: 52, description: Prefix length; 0 is no limit.}
#         required: [ipv4, ipv6]
#         default: {ipv4: 13, ipv6: 32}
package ringfence.guardrails.wide_cidr

import data.ringfence.lib.settings
import data.ringfence.lib.traffic

# METADATA
# title: Findings
# description: One per rule or union, for the family that exceeds its limit; any-any and any-peer judge wide peers.
findings contains finding if {
	some rule in traffic.scope
	not traffic.wide_peers(rule.peers)
	too_wide := _excess(rule)
	finding := {
		"pointer": rule.peers.pointer,
		"message": concat(": ", [traffic.sentence(rule, ""), too_wide]),
		"rules": traffic.pointers(rule),
	}
}

_excess(rule) := concat("", ["more IPv4 addresses than a /", format_int(_limits(rule).ipv4, 10)]) if {
	_wider(rule.peers.ipv4Share, _limits(rule).ipv4)
}

else := concat("", ["more IPv6 addresses than a /", format_int(_limits(rule).ipv6, 10)]) if {
	_wider(rule.peers.ipv6Share, _limits(rule).ipv6)
}

else := "the IPv4 internet through the NAT64 prefix 64:ff9b::/96" if {
	_wider(rule.peers.nat64Share, _limits(rule).ipv4)
}

_limits(rule) := settings.parameters("wide-cidr")[rule.direction]

# A share is a double; a hair above the limit is the limit.
_wider(share, prefix_length) if share * bits.lsh(1, prefix_length) > 1.000001
