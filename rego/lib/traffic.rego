# METADATA
# title: Widths of traffic rules
# description: What the network guardrails share, so that "wide" means one thing in all of them.
package ringfence.lib.traffic

# METADATA
# title: The allow rules that have an effect, and what they allow together
# description: |
#   Every entry has direction, peers, ports, operations and a pointer. A union of rules is present only where it is
#   wider than each of its rules; its pointer is the first of them.
scope contains rule if {
	some rule in input.policy.rules
	rule.action == "allow"
	not rule.staged
}

scope contains object.union(union, {"pointer": union.pointers[0], "together": concat(", ", union.pointers)}) if {
	some union in input.policy.unions
}

# METADATA
# title: Peers that nobody has to be named for
wide_peers(peers) if peers.reach in {"all-namespaces", "cluster", "external", "anyone"}

# METADATA
# title: The public internet without the private ranges
# description: |
#   IPv4 or IPv6 residues such as 0.0.0.0/0 except RFC 1918. 2000::/3 alone is not one of them: IPv6 has no private
#   ranges in common use, so all global unicast is everything.
internet_only(peers) if {
	peers.reach == "external"
	max([peers.ipv4Share, peers.ipv6Share]) >= 0.5
	max([peers.ipv4Share, peers.ipv6Share]) < 0.999
}

# METADATA
# title: A rule that allows anyone on every port and operation
any_any(rule) if {
	wide_peers(rule.peers)
	rule.ports.reach == "all"
	rule.operations == "all"
	not _internet_egress(rule)
}

_internet_egress(rule) if {
	rule.direction == "egress"
	internet_only(rule.peers)
}

# METADATA
# title: The peers in words
peers_words(rule) := concat("", [_preposition[rule.direction], _reach_words[rule.peers.reach]])

_preposition := {"ingress": "", "egress": "traffic to "}

_reach_words := {
	"nobody": "nobody",
	"selected": "the named peers",
	"own-namespace": "every Pod of the namespace",
	"all-namespaces": "every Pod of every namespace",
	"cluster": "the whole cluster",
	"external": "everything outside the cluster",
	"anyone": "anyone",
}

# METADATA
# title: How a message says that several rules are meant
together_words(rule) := concat("", [" (together: ", rule.together, ")"]) if rule.together

together_words(rule) := "" if not rule.together
