package ringfence.guardrails.any_peer_test

import data.ringfence.guardrails.any_peer
import data.ringfence.lib.example_test as example

cases["named peers"] := {"rules": [{}], "unions": [], "findings": set()}

cases["its own namespace"] := {"rules": [{"peers": {"reach": "own-namespace"}}], "unions": [], "findings": set()}

cases["anyone on one port"] := {
	"rules": [{"peers": {"reach": "anyone"}}],
	"unions": [],
	"findings": {{"pointer": "/spec/ingress/0/from", "message": "allows anyone on TCP 443"}},
}

cases["anyone on every port is left to any-any"] := {
	"rules": [{"peers": {"reach": "anyone"}, "ports": example.every_port}],
	"unions": [],
	"findings": set(),
}

cases["anyone on every port, for some operations"] := {
	"rules": [{"peers": {"reach": "anyone"}, "ports": example.every_port, "operations": "some"}],
	"unions": [],
	"findings": {{"pointer": "/spec/ingress/0/from", "message": "allows anyone on every port for some operations"}},
}

cases["egress to the internet on every port is left by any-any"] := {
	"rules": [{
		"direction": "egress",
		"peers": {"reach": "external", "ipv4Share": 0.9958},
		"ports": example.every_port,
	}],
	"unions": [],
	"findings": {{
		"pointer": "/spec/ingress/0/from",
		"message": "allows traffic to everything outside the cluster on every port",
	}},
}

cases["anyone, on no port at all"] := {
	"rules": [{"peers": {"reach": "anyone"}, "ports": {"reach": "none"}}],
	"unions": [],
	"findings": set(),
}

cases["labels that any team can take"] := {
	"rules": [{"peers": {"selfAssignable": true, "words": `Pods with app="web" of every namespace`}}],
	"unions": [],
	"findings": {{
		"pointer": "/spec/ingress/0/from",
		"message": `allows Pods with app="web" of every namespace, labels that any team can give its Pods, on TCP 443`,
	}},
}

cases["labels that nearly every Pod has"] := {
	"rules": [{"peers": {"nearlyAll": true, "words": "Pods with any app"}}],
	"unions": [],
	"findings": {{
		"pointer": "/spec/ingress/0/from",
		"message": "allows Pods with any app, labels that nearly every Pod carries, on TCP 443",
	}},
}

cases["a set of addresses that can't be seen"] := {
	"rules": [{"peers": {"unresolved": true, "words": `the group "partners"`}}],
	"unions": [],
	"findings": {{
		"pointer": "/spec/ingress/0/from",
		"message": `allows the group "partners", whose content can't be seen, on TCP 443`,
	}},
}

cases["of several remarks the widest is made"] := {
	"rules": [{"peers": {"selfAssignable": true, "nearlyAll": true, "unresolved": true, "words": "Pods"}}],
	"unions": [],
	"findings": {{
		"pointer": "/spec/ingress/0/from",
		"message": "allows Pods, labels that nearly every Pod carries, on TCP 443",
	}},
}

cases["labels that any team can take, and something that can't be seen"] := {
	"rules": [{"peers": {"selfAssignable": true, "unresolved": true, "words": "Pods"}}],
	"unions": [],
	"findings": {{
		"pointer": "/spec/ingress/0/from",
		"message": "allows Pods, labels that any team can give its Pods, on TCP 443",
	}},
}

cases["anyone needs no remark"] := {
	"rules": [{"peers": {"reach": "anyone", "selfAssignable": true, "nearlyAll": true, "unresolved": true}}],
	"unions": [],
	"findings": {{"pointer": "/spec/ingress/0/from", "message": "allows anyone on TCP 443"}},
}

cases["the whole cluster, which holds something that can't be seen"] := {
	"rules": [{"peers": {"reach": "cluster", "unresolved": true}}],
	"unions": [],
	"findings": {{"pointer": "/spec/ingress/0/from", "message": "allows the whole cluster on TCP 443"}},
}

cases["two rules together reach anyone"] := {
	"rules": [{}],
	"unions": [{"peers": {"reach": "anyone", "pointer": "/spec/ingress/0/from/0"}}],
	"findings": {{
		"pointer": "/spec/ingress/0/from/0",
		"message": "allows anyone on TCP 443 (together: /spec/ingress/0, /spec/ingress/1)",
	}},
}

test_findings[name] if {
	some name, case in cases
	rules := [example.rule(changes) | some changes in case.rules]
	unions := [example.union(changes) | some changes in case.unions]
	found := any_peer.findings with input as example.policy(rules, unions)
	{object.remove(finding, ["rules"]) | some finding in found} == case.findings
	every finding in found {
		finding.rules == example.rules_of(finding)
	}
}

test_object_without_policy if any_peer.findings == set() with input as {"defects": []}
