package ringfence.lib.traffic_test

import data.ringfence.lib.example_test as example
import data.ringfence.lib.traffic

scope_cases["an allow rule"] := {"rules": [{}], "unions": [], "scope": {"/spec/ingress/0"}}

scope_cases["a rule that denies"] := {"rules": [{"action": "deny"}], "unions": [], "scope": set()}

scope_cases["a rule that passes on"] := {"rules": [{"action": "pass"}], "unions": [], "scope": set()}

scope_cases["a rule that only logs"] := {"rules": [{"action": "log"}], "unions": [], "scope": set()}

scope_cases["a staged rule"] := {"rules": [{"staged": true}], "unions": [], "scope": set()}

scope_cases["a rule without ports"] := {"rules": [{"ports": {"reach": "none"}}], "unions": [], "scope": set()}

scope_cases["two rules, one of them denies"] := {
	"rules": [{"pointer": "/a", "action": "deny"}, {"pointer": "/b"}],
	"unions": [],
	"scope": {"/b"},
}

scope_cases["a union has the pointer of its first rule"] := {
	"rules": [],
	"unions": [{"pointers": ["/spec/egress/3", "/spec/egress/4"]}],
	"scope": {"/spec/egress/3"},
}

scope_cases["a union without ports"] := {"rules": [], "unions": [{"ports": {"reach": "none"}}], "scope": set()}

scope_cases["rules and unions"] := {
	"rules": [{"pointer": "/a"}, {"pointer": "/b"}],
	"unions": [{"pointers": ["/c"]}],
	"scope": {"/a", "/b", "/c"},
}

test_scope[name] if {
	some name, case in scope_cases
	rules := [example.rule(changes) | some changes in case.rules]
	unions := [example.union(changes) | some changes in case.unions]
	pointers := {rule.pointer | some rule in traffic.scope} with input as example.policy(rules, unions)
	pointers == case.scope
}

test_scope_of_an_object_without_policy if traffic.scope == set() with input as {}

reach_cases := {
	"nobody": false,
	"selected": false,
	"own-namespace": false,
	"all-namespaces": true,
	"cluster": true,
	"external": true,
	"anyone": true,
}

test_wide_peers[reach] if {
	some reach, wide in reach_cases
	_wide_peers({"reach": reach}) == wide
}

default _wide_peers(_) := false

_wide_peers(peers) if traffic.wide_peers(peers)

internet_cases["IPv4 without the private ranges"] := {
	"peers": {"reach": "external", "ipv4Share": 0.9958, "ipv6Share": 0}, "internet_only": true,
}

internet_cases["IPv6 without fc00::/7"] := {
	"peers": {"reach": "external", "ipv4Share": 0, "ipv6Share": 0.992}, "internet_only": true,
}

internet_cases["all public addresses, however small a share that is"] := {
	"peers": {"reach": "external", "ipv4Share": 0, "ipv6Share": 0.125}, "internet_only": true,
}

internet_cases["just under everything"] := {
	"peers": {"reach": "external", "ipv4Share": 0.9979, "ipv6Share": 0.9979}, "internet_only": true,
}

internet_cases["as good as all of IPv4"] := {
	"peers": {"reach": "external", "ipv4Share": 0.998, "ipv6Share": 0}, "internet_only": false,
}

internet_cases["all of IPv6 and half of IPv4"] := {
	"peers": {"reach": "external", "ipv4Share": 0.5, "ipv6Share": 1}, "internet_only": false,
}

internet_cases["anyone, although most of IPv4 says the same"] := {
	"peers": {"reach": "anyone", "ipv4Share": 0.9, "ipv6Share": 0}, "internet_only": false,
}

test_internet_only[name] if {
	some name, case in internet_cases
	_internet_only(case.peers) == case.internet_only
}

default _internet_only(_) := false

_internet_only(peers) if traffic.internet_only(peers)

any_any_cases["anyone on every port"] := {"changes": {}, "any_any": true}

any_any_cases["named peers"] := {"changes": {"peers": {"reach": "selected"}}, "any_any": false}

any_any_cases["most ports"] := {"changes": {"ports": {"reach": "wide"}}, "any_any": false}

any_any_cases["some operations"] := {"changes": {"operations": "some"}, "any_any": false}

any_any_cases["ingress from the internet"] := {"changes": {"peers": internet}, "any_any": true}

any_any_cases["egress to the internet"] := {"changes": {"direction": "egress", "peers": internet}, "any_any": false}

any_any_cases["egress to everything outside"] := {
	"changes": {"direction": "egress", "peers": {"reach": "external", "ipv4Share": 1, "ipv6Share": 1}},
	"any_any": true,
}

internet := {"reach": "external", "ipv4Share": 0.99, "ipv6Share": 0}

test_any_any[name] if {
	some name, case in any_any_cases
	anyone := example.rule({"peers": {"reach": "anyone"}, "ports": example.every_port})
	_any_any(object.union(anyone, case.changes)) == case.any_any
}

default _any_any(_) := false

_any_any(rule) if traffic.any_any(rule)

sentence_cases["named peers"] := {"rule": {}, "remark": "", "sentence": `allows Pods with app="web" on TCP 443`}

sentence_cases["egress"] := {
	"rule": {"direction": "egress"},
	"remark": "",
	"sentence": `allows traffic to Pods with app="web" on TCP 443`,
}

sentence_cases["a remark on the peers"] := {
	"rule": {},
	"remark": ", my friends,",
	"sentence": `allows Pods with app="web", my friends, on TCP 443`,
}

sentence_cases["anyone"] := {
	"rule": {"peers": {"reach": "anyone", "words": "0.0.0.0/0"}, "ports": example.every_port},
	"remark": "",
	"sentence": "allows anyone on every port",
}

sentence_cases["everything outside"] := {
	"rule": {"peers": {"reach": "external"}},
	"remark": "",
	"sentence": "allows everything outside the cluster on TCP 443",
}

sentence_cases["the whole cluster"] := {
	"rule": {"peers": {"reach": "cluster"}},
	"remark": "",
	"sentence": "allows the whole cluster on TCP 443",
}

sentence_cases["every namespace"] := {
	"rule": {"peers": {"reach": "all-namespaces"}},
	"remark": "",
	"sentence": "allows every Pod of every namespace on TCP 443",
}

sentence_cases["its own namespace"] := {
	"rule": {"peers": {"reach": "own-namespace", "words": "every Pod of the namespace"}},
	"remark": "",
	"sentence": "allows every Pod of the namespace on TCP 443",
}

sentence_cases["some operations"] := {
	"rule": {"operations": "some"},
	"remark": "",
	"sentence": `allows Pods with app="web" on TCP 443 for some operations`,
}

sentence_cases["two rules together"] := {
	"rule": {"together": ["/spec/ingress/0", "/spec/ingress/1"]},
	"remark": "",
	"sentence": `allows Pods with app="web" on TCP 443 (together: /spec/ingress/0, /spec/ingress/1)`,
}

sentence_cases["five rules together"] := {
	"rule": {"together": ["/a", "/b", "/c", "/d", "/e"]},
	"remark": "",
	"sentence": `allows Pods with app="web" on TCP 443 (together: /a, /b, /c, /d, /e)`,
}

sentence_cases["six rules together"] := {
	"rule": {"together": ["/a", "/b", "/c", "/d", "/e", "/f"]},
	"remark": "",
	"sentence": `allows Pods with app="web" on TCP 443 (together: /a, /b, /c, /d, /e and 1 more)`,
}

test_sentence[name] if {
	some name, case in sentence_cases
	traffic.sentence(example.rule(case.rule), case.remark) == case.sentence
}
