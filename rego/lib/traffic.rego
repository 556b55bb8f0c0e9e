# METADATA
# title: Widths of traffic rules
# description: What the network guardrails share, so that "wide" means one thing in all of them.
package ringfence.lib.traffic

# METADATA
# title: The allow rules that have an effect, and what they allow together
# description: |
#   Every entry has direction, peers, ports, operations and a pointer. A union of rules is present only where it is
#   wider than each of its rules; its pointer is the first of them.
# scope: document
scope contains rule if {
	some rule in input.policy.rules
	rule.action == "allow"
	rule.ports.reach != "none"
	not rule.staged
}

scope contains object.union(union, {"pointer": union.pointers[0], "together": union.pointers}) if {
	some union in input.policy.unions
	union.ports.reach != "none"
}

# METADATA
# title: Peers that nobody has to be named for
# description: Anyone, everything outside the cluster, the whole cluster, every namespace.
wide_peers(peers) if _reach_words[peers.reach]

# METADATA
# title: The public internet without the private ranges
# description: |
#   Everything public of one family and not all of either: 0.0.0.0/0 except RFC 1918, 2000::/3. No lower bound on the
#   share: a rule that allows more must never be judged milder.
internet_only(peers) if {
	peers.reach == "external"
	max([peers.ipv4Share, peers.ipv6Share]) < 0.998
}

# METADATA
# title: A rule that allows anyone on every port and operation
# description: Egress to the internet without the private ranges is not one of them.
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
# title: The rules that a finding is about
# description: One for a rule, all of its parts for a union. Their whole traffic must be approved before it is excused.
pointers(rule) := [rule.pointer] if not rule.together

pointers(rule) := rule.together

# METADATA
# title: What a rule allows, in words
# description: The remark, for example on the peers, is put right behind them; it may be empty.
sentence(rule, remark) := concat("", [
	"allows ", _preposition[rule.direction], _peers_words(rule.peers), remark,
	" on ", rule.ports.words, _operations_words[rule.operations], _together_words(rule),
])

_preposition := {"ingress": "", "egress": "traffic to "}

_operations_words := {"all": "", "some": " for some operations"}

_peers_words(peers) := _reach_words[peers.reach]

_peers_words(peers) := peers.words if not wide_peers(peers)

_reach_words := {
	"all-namespaces": "every Pod of every namespace",
	"cluster": "the whole cluster",
	"external": "everything outside the cluster",
	"anyone": "anyone",
}

_together_words(rule) := "" if not rule.together

_together_words(rule) := concat("", [" (together: ", concat(", ", rule.together), ")"]) if count(rule.together) <= 5

# A union of a thousand rules must not fill the message.
_together_words(rule) := concat("", [
	" (together: ", concat(", ", array.slice(rule.together, 0, 5)),
	" and ", format_int(count(rule.together) - 5, 10), " more)",
]) if {
	count(rule.together) > 5
}
