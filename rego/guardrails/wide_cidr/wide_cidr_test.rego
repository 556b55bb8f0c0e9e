package ringfence.guardrails.wide_cidr_test

import data.ringfence.guardrails.wide_cidr
import data.ringfence.lib.example_test as example

# The share of the address space that one prefix of this length holds.
share(prefix_length) := 1 / bits.lsh(1, prefix_length)

limits := {"ingress": {"ipv4": 13, "ipv6": 32}, "egress": {"ipv4": 16, "ipv6": 48}}

internet := {"ingress": {"ipv4": 0, "ipv6": 0}, "egress": {"ipv4": 0, "ipv6": 0}}

single := {"ingress": {"ipv4": 32, "ipv6": 52}, "egress": {"ipv4": 32, "ipv6": 52}}

# What a finding says of addresses in an ingress rule to TCP 443.
ingress(excess) := {{
	"pointer": "/spec/ingress/0/from",
	"message": concat(": ", ["allows addresses on TCP 443", excess]),
}}

cases["no addresses"] := {"limits": limits, "rules": [{"peers": {}}], "unions": [], "findings": set()}

cases["exactly the limit of IPv4"] := {
	"limits": limits,
	"rules": [{"peers": {"ipv4Share": share(13)}}],
	"unions": [],
	"findings": set(),
}

cases["the limit and one address"] := {
	"limits": limits,
	"rules": [{"peers": {"ipv4Share": share(13) + share(32)}}],
	"unions": [],
	"findings": ingress("more IPv4 addresses than a /13"),
}

cases["one bit shorter than the limit of IPv4"] := {
	"limits": limits,
	"rules": [{"peers": {"ipv4Share": share(12)}}],
	"unions": [],
	"findings": ingress("more IPv4 addresses than a /13"),
}

cases["exactly the limit of IPv6"] := {
	"limits": limits,
	"rules": [{"peers": {"ipv6Share": share(32)}}],
	"unions": [],
	"findings": set(),
}

cases["one bit shorter than the limit of IPv6"] := {
	"limits": limits,
	"rules": [{"peers": {"ipv6Share": share(31)}}],
	"unions": [],
	"findings": ingress("more IPv6 addresses than a /32"),
}

cases["too wide in both families is one finding"] := {
	"limits": limits,
	"rules": [{"peers": {"ipv4Share": share(8), "ipv6Share": share(16), "nat64Share": share(8)}}],
	"unions": [],
	"findings": ingress("more IPv4 addresses than a /13"),
}

cases["exactly the limit of IPv4, through NAT64"] := {
	"limits": limits,
	"rules": [{"peers": {"nat64Share": share(13)}}],
	"unions": [],
	"findings": set(),
}

cases["one bit shorter than the limit of IPv4, through NAT64"] := {
	"limits": limits,
	"rules": [{"peers": {"nat64Share": share(12)}}],
	"unions": [],
	"findings": ingress("the IPv4 internet through the NAT64 prefix 64:ff9b::/96"),
}

cases["too wide in IPv6 and through NAT64 is one finding"] := {
	"limits": limits,
	"rules": [{"peers": {"ipv6Share": share(31), "nat64Share": share(12)}}],
	"unions": [],
	"findings": ingress("more IPv6 addresses than a /32"),
}

cases["egress has its own limits: exactly the limit"] := {
	"limits": limits,
	"rules": [{"direction": "egress", "peers": {"ipv4Share": share(16), "ipv6Share": share(48)}}],
	"unions": [],
	"findings": set(),
}

cases["egress has its own limits: IPv4"] := {
	"limits": limits,
	"rules": [{"direction": "egress", "peers": {"ipv4Share": share(15)}}],
	"unions": [],
	"findings": {{
		"pointer": "/spec/ingress/0/from",
		"message": "allows traffic to addresses on TCP 443: more IPv4 addresses than a /16",
	}},
}

cases["egress has its own limits: IPv6"] := {
	"limits": limits,
	"rules": [{"direction": "egress", "peers": {"ipv6Share": share(47)}}],
	"unions": [],
	"findings": {{
		"pointer": "/spec/ingress/0/from",
		"message": "allows traffic to addresses on TCP 443: more IPv6 addresses than a /48",
	}},
}

cases["the limit 0 allows the whole internet"] := {
	"limits": internet,
	"rules": [{"peers": {"ipv4Share": 1, "ipv6Share": 1, "nat64Share": 1}}],
	"unions": [],
	"findings": set(),
}

cases["the limit 32 allows one address"] := {
	"limits": single,
	"rules": [{"peers": {"ipv4Share": share(32), "ipv6Share": share(52)}}],
	"unions": [],
	"findings": set(),
}

cases["the limit 32 refuses two addresses"] := {
	"limits": single,
	"rules": [{"peers": {"ipv4Share": share(31)}}],
	"unions": [],
	"findings": ingress("more IPv4 addresses than a /32"),
}

cases["the limit 52 refuses a /51"] := {
	"limits": single,
	"rules": [{"peers": {"ipv6Share": share(51)}}],
	"unions": [],
	"findings": ingress("more IPv6 addresses than a /52"),
}

cases["anyone is left to any-any and any-peer"] := {
	"limits": limits,
	"rules": [{"peers": {"reach": "anyone", "ipv4Share": 1, "ipv6Share": 1}}],
	"unions": [],
	"findings": set(),
}

cases["many small prefixes together"] := {
	"limits": limits,
	"rules": [{"peers": {"ipv4Share": share(13)}}],
	"unions": [{"peers": {"ipv4Share": share(12)}}],
	"findings": {{
		"pointer": "/spec/ingress/0/from",
		"message": concat(": ", [
			"allows addresses on TCP 443 (together: /spec/ingress/0, /spec/ingress/1)",
			"more IPv4 addresses than a /13",
		]),
	}},
}

test_findings[name] if {
	some name, case in cases
	addresses := {"peers": {"words": "addresses"}}
	rules := [example.rule(object.union(addresses, changes)) | some changes in case.rules]
	unions := [example.union(object.union(addresses, changes)) | some changes in case.unions]
	settings := example.settings("wide-cidr", case.limits)
	found := wide_cidr.findings with input as example.policy(rules, unions)
		with data.ringfence.settings as settings
	{object.remove(finding, ["rules"]) | some finding in found} == case.findings
	every finding in found {
		finding.rules == example.rules_of(finding)
	}
}

test_object_without_policy if wide_cidr.findings == set() with input as {"defects": []}
