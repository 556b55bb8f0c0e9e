package ringfence.guardrails.any_port_test

import data.ringfence.guardrails.any_port
import data.ringfence.lib.example_test as example

cases["one port"] := {"rules": [{}], "unions": [], "findings": set()}

cases["every port"] := {
	"rules": [{"ports": example.every_port}],
	"unions": [],
	"findings": {{"pointer": "/spec/ingress/0/ports", "message": `allows Pods with app="web" on every port`}},
}

cases["most ports, to named peers"] := {
	"rules": [{"direction": "egress", "ports": {"reach": "wide", "words": "TCP 1024-65535"}}],
	"unions": [],
	"findings": {{
		"pointer": "/spec/ingress/0/ports",
		"message": `allows traffic to Pods with app="web" on TCP 1024-65535`,
	}},
}

cases["no port at all"] := {"rules": [{"ports": {"reach": "none"}}], "unions": [], "findings": set()}

cases["some operations"] := {
	"rules": [{"ports": example.every_port, "operations": "some"}],
	"unions": [],
	"findings": set(),
}

cases["a namespace that talks to itself"] := {
	"rules": [{"peers": {"reach": "own-namespace"}, "ports": example.every_port}],
	"unions": [],
	"findings": set(),
}

cases["named peers beside the own namespace"] := {
	"rules": [{
		"peers": {"reach": "own-namespace", "besideOwnNamespace": true, "words": "every Pod of its namespace and 10.0.0.0/24"},
		"ports": example.every_port,
	}],
	"unions": [],
	"findings": {{
		"pointer": "/spec/ingress/0/ports",
		"message": "allows every Pod of its namespace and 10.0.0.0/24 on every port",
	}},
}

cases["anyone is left to any-any"] := {
	"rules": [{"peers": {"reach": "anyone"}, "ports": example.every_port}],
	"unions": [],
	"findings": set(),
}

cases["nobody"] := {
	"rules": [{"peers": {"reach": "nobody"}, "ports": example.every_port}],
	"unions": [],
	"findings": set(),
}

cases["two rules together open every port"] := {
	"rules": [],
	"unions": [{"ports": example.every_port}],
	"findings": {{
		"pointer": "/spec/ingress/0/ports",
		"message": `allows Pods with app="web" on every port (together: /spec/ingress/0, /spec/ingress/1)`,
	}},
}

test_findings[name] if {
	some name, case in cases
	rules := [example.rule(changes) | some changes in case.rules]
	unions := [example.union(changes) | some changes in case.unions]
	found := any_port.findings with input as example.policy(rules, unions)
	{object.remove(finding, ["rules"]) | some finding in found} == case.findings
	every finding in found {
		finding.rules == example.rules_of(finding)
	}
}

test_object_without_policy if any_port.findings == set() with input as {"defects": []}
