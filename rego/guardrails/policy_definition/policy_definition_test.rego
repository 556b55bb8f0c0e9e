package ringfence.guardrails.policy_definition_test

import data.ringfence.guardrails.policy_definition
import data.ringfence.lib.example_test as example

facts := {"definition": {"group": "cilium.io", "kind": "X", "doors": [
	{"aspect": "version", "pointer": "/a", "words": "serves X"},
	{"aspect": "schema", "pointer": "/b", "words": "loses X"},
]}}

version := {"pointer": "/a", "message": "the definition serves X"}

schema := {"pointer": "/b", "message": "the definition loses X"}

cases["nothing is tolerated"] := {"tolerate": [], "findings": {version, schema}}

cases["one aspect"] := {"tolerate": [{"group": "cilium.io", "aspects": ["version"]}], "findings": {schema}}

cases["both"] := {
	"tolerate": [{"group": "cilium.io", "aspects": ["version"]}, {"group": "cilium.io", "aspects": ["schema"]}],
	"findings": set(),
}

cases["another group"] := {"tolerate": [{"group": "cilium", "aspects": ["version"]}], "findings": {version, schema}}

test_findings[name] if {
	some name, case in cases
	settings := example.settings("policy-definition", {"tolerate": case.tolerate})
	policy_definition.findings == case.findings with input as facts with data.ringfence.settings as settings
}

test_other_objects if policy_definition.findings == set() with input as {}
