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
#   compliance: [NIST-800-53-SC-7(5), NIST-800-53-AC-4, PCI-DSS-1.3.1, PCI-DSS-1.4.2]
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       ingress:
#         type: object
#         description: Shortest prefix that ingress rules may add up to, per family.
#         additionalProperties: false
#         properties:
#           ipv4: {type: integer, minimum: 0, maximum: 32}
#           ipv6: {type: integer, minimum: 0, maximum: 52}
#         required: [ipv4, ipv6]
#         default: {ipv4: 13, ipv6: 32}
#       egress:
#         type: object
#         description: Shortest prefix that egress rules may add up to, per family.
#         additionalProperties: false
#         properties:
#           ipv4: {type: integer, minimum: 0, maximum: 32}
#           ipv6: {type: integer, minimum: 0, maximum: 52}
#         required: [ipv4, ipv6]
#         default: {ipv4: 13, ipv6: 32}
package ringfence.guardrails.wide_cidr

import data.ringfence.lib.settings
import data.ringfence.lib.traffic

# METADATA
# title: Findings
findings contains finding if {
	some rule in traffic.scope
	not traffic.wide_peers(rule.peers)
	too_wide := _excess(rule)
	finding := {
		"pointer": rule.peers.pointer,
		"message": concat("", ["allows ", rule.peers.words, ": ", too_wide, traffic.together_words(rule)]),
	}
}

_excess(rule) := concat("", ["more IPv4 addresses than a /", format_int(limit, 10)]) if {
	limit := _limits(rule).ipv4
	_wider(rule.peers.ipv4Share, limit)
}

_excess(rule) := concat("", ["more IPv6 addresses than a /", format_int(limits.ipv6, 10)]) if {
	limits := _limits(rule)
	not _wider(rule.peers.ipv4Share, limits.ipv4)
	_wider(rule.peers.ipv6Share, limits.ipv6)
}

_excess(rule) := "the IPv4 internet through the NAT64 prefix 64:ff9b::/96" if {
	limits := _limits(rule)
	not _wider(rule.peers.ipv4Share, limits.ipv4)
	not _wider(rule.peers.ipv6Share, limits.ipv6)
	_wider(rule.peers.nat64Share, limits.ipv4)
}

_limits(rule) := settings.parameters("wide-cidr")[rule.direction]

# A share is a double; a hair above the limit is the limit.
_wider(share, prefix_length) if share * bits.lsh(1, prefix_length) > 1.000001
