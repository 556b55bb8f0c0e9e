package ringfence.guardrails.any_any_test

import data.ringfence.guardrails.any_any
import data.ringfence.lib.example_test as example

cases["named peers on one port"] := {"rules": [{}], "unions": [], "findings": set()}

cases["named peers on every port"] := {"rules": [{"ports": example.every_port}], "unions": [], "findings": set()}

cases["anyone on one port"] := {"rules": [{"peers": {"reach": "anyone"}}], "unions": [], "findings": set()}

cases["anyone on most ports"] := {
	"rules": [{"peers": {"reach": "anyone"}, "ports": {"reach": "wide"}}],
	"unions": [],
	"findings": set(),
}

cases["anyone on every port, for some operations"] := {
	"rules": [{"peers": {"reach": "anyone"}, "ports": example.every_port, "operations": "some"}],
	"unions": [],
	"findings": set(),
}

cases["anyone on every port"] := {
	"rules": [{"peers": {"reach": "anyone"}, "ports": example.every_port}],
	"unions": [],
	"findings": {{"pointer": "/spec/ingress/0", "message": "allows anyone on every port"}},
}

cases["a rule that denies anyone"] := {
	"rules": [{"action": "deny", "peers": {"reach": "anyone"}, "ports": example.every_port}],
	"unions": [],
	"findings": set(),
}

cases["every namespace, and all TCP ports"] := {
	"rules": [{"peers": {"reach": "all-namespaces"}, "ports": {"reach": "all", "words": "every TCP port"}}],
	"unions": [],
	"findings": {{
		"pointer": "/spec/ingress/0",
		"message": "allows every Pod of every namespace on every TCP port",
	}},
}

cases["the second of two egress rules, to the whole cluster"] := {
	"rules": [
		{"direction": "egress", "pointer": "/spec/egress/0"},
		{
			"direction": "egress",
			"pointer": "/spec/egress/1",
			"peers": {"reach": "cluster"},
			"ports": example.every_port,
		},
	],
	"unions": [],
	"findings": {{"pointer": "/spec/egress/1", "message": "allows traffic to the whole cluster on every port"}},
}

cases["egress to the internet without the private ranges"] := {
	"rules": [{
		"direction": "egress",
		"peers": {"reach": "external", "ipv4Share": 0.9958},
		"ports": example.every_port,
	}],
	"unions": [],
	"findings": set(),
}

cases["ingress from the internet without the private ranges"] := {
	"rules": [{"peers": {"reach": "external", "ipv4Share": 0.9958}, "ports": example.every_port}],
	"unions": [],
	"findings": {{"pointer": "/spec/ingress/0", "message": "allows everything outside the cluster on every port"}},
}

cases["two halves of the internet together"] := {
	"rules": [],
	"unions": [{"peers": {"reach": "anyone"}, "ports": example.every_port}],
	"findings": {{
		"pointer": "/spec/ingress/0",
		"message": "allows anyone on every port (together: /spec/ingress/0, /spec/ingress/1)",
	}},
}

test_findings[name] if {
	some name, case in cases
	rules := [example.rule(changes) | some changes in case.rules]
	unions := [example.union(changes) | some changes in case.unions]
	found := any_any.findings with input as example.policy(rules, unions)
	{object.remove(finding, ["rules"]) | some finding in found} == case.findings
	every finding in found {
		finding.rules == example.rules_of(finding)
	}
}

test_object_without_policy if any_any.findings == set() with input as {"defects": []}
