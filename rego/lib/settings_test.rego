package ringfence.lib.settings_test

import data.ringfence.lib.settings

object_facts := {
	"object": {"family": "workload", "namespace": "shop", "name": "web"},
	"user": {"name": "system:serviceaccount:ci:deployer", "groups": ["system:authenticated", "deployers"]},
	"namespaceLabels": {"tier": "test"},
	"labelled": [
		{"role": "object", "labels": {"app": "web"}},
		{"role": "pod-template", "labels": {"template": "yes"}},
	],
}

namespace_facts := {
	"object": {"family": "namespace", "namespace": "", "name": "shop"},
	"user": {"name": "alice", "groups": []},
	"namespaceLabels": null,
	"labelled": [{"role": "object", "labels": {}}],
}

cases["nothing is exempt"] := {"exempt": {}, "facts": object_facts, "expected": false}

cases["the namespace"] := {"exempt": {"namespaces": ["shop"]}, "facts": object_facts, "expected": true}

cases["another namespace"] := {"exempt": {"namespaces": ["shops"]}, "facts": object_facts, "expected": false}

cases["a part of the namespace's name"] := {"exempt": {"namespaces": ["sho"]}, "facts": object_facts, "expected": false}

cases["the second of two namespaces"] := {
	"exempt": {"namespaces": ["kube-system", "shop"]}, "facts": object_facts, "expected": true,
}

cases["a prefix of the namespace"] := {"exempt": {"namespaces": ["sh*"]}, "facts": object_facts, "expected": true}

cases["another prefix"] := {"exempt": {"namespaces": ["kube-*"]}, "facts": object_facts, "expected": false}

cases["an asterisk that is not the last character"] := {
	"exempt": {"namespaces": ["s*p"]}, "facts": object_facts, "expected": false,
}

cases["a workload with the name of an exempt namespace"] := {
	"exempt": {"namespaces": ["web"]}, "facts": object_facts, "expected": false,
}

cases["a Namespace by its own name"] := {"exempt": {"namespaces": ["shop"]}, "facts": namespace_facts, "expected": true}

cases["a Namespace by another name"] := {"exempt": {"namespaces": ["web"]}, "facts": namespace_facts, "expected": false}

cases["a cluster-scoped object is in no namespace, not in one with an empty name"] := {
	"exempt": {"namespaces": ["", "*"]},
	"facts": {"object": {"family": "network", "namespace": "", "name": "web"}, "labelled": []},
	"expected": false,
}

cases["the user"] := {
	"exempt": {"users": ["system:serviceaccount:ci:deployer"]}, "facts": object_facts, "expected": true,
}

cases["the service accounts of a namespace"] := {
	"exempt": {"users": ["system:serviceaccount:ci:*"]}, "facts": object_facts, "expected": true,
}

cases["another user"] := {"exempt": {"users": ["bob"]}, "facts": object_facts, "expected": false}

cases["a user with the name of a group"] := {
	"exempt": {"users": ["deployers"]}, "facts": object_facts, "expected": false,
}

cases["nobody in particular, as in the gate"] := {
	"exempt": {"users": ["*", ""]},
	"facts": object.union(object_facts, {"user": {"name": "", "groups": []}}),
	"expected": false,
}

cases["a group"] := {"exempt": {"groups": ["deployers"]}, "facts": object_facts, "expected": true}

cases["another group"] := {"exempt": {"groups": ["deploy*"]}, "facts": object_facts, "expected": false}

cases["a label of the namespace"] := {
	"exempt": {"namespaceLabels": {"tier": "test"}}, "facts": object_facts, "expected": true,
}

cases["one of two labels of the namespace"] := {
	"exempt": {"namespaceLabels": {"a": "b", "tier": "test"}}, "facts": object_facts, "expected": true,
}

cases["another value of the namespace's label"] := {
	"exempt": {"namespaceLabels": {"tier": "production"}}, "facts": object_facts, "expected": false,
}

cases["labels of the namespace that can't be known"] := {
	"exempt": {"namespaceLabels": {"tier": "test"}}, "facts": namespace_facts, "expected": false,
}

cases["a label of the object"] := {"exempt": {"labels": {"app": "web"}}, "facts": object_facts, "expected": true}

cases["another value of the object's label"] := {
	"exempt": {"labels": {"app": "api"}}, "facts": object_facts, "expected": false,
}

cases["a label of the Pod template alone"] := {
	"exempt": {"labels": {"template": "yes"}}, "facts": object_facts, "expected": false,
}

test_exempt_from_one_guardrail[name] if {
	some name, case in cases
	rules := {"exempt": {}, "guardrails": {"any-any": {"exempt": case.exempt}}}
	_exempt == case.expected with data.ringfence.settings as rules with input as case.facts
}

test_exempt_from_all_guardrails[name] if {
	some name, case in cases
	rules := {"exempt": case.exempt, "guardrails": {"any-any": {"exempt": {}}}}
	_exempt == case.expected with data.ringfence.settings as rules with input as case.facts
}

test_exempt_from_another_guardrail if {
	rules := {"exempt": {}, "guardrails": {"any-any": {"exempt": {}}, "any-peer": {"exempt": {"namespaces": ["shop"]}}}}
	_exempt == false with data.ringfence.settings as rules with input as object_facts
}

default _exempt := false

_exempt if settings.exempt("any-any")

test_parameters_are_of_one_guardrail if {
	rules := {"guardrails": {"any-any": {"parameters": {"a": 1}}, "any-peer": {"parameters": {"a": 2}}}}
	settings.parameters("any-peer") == {"a": 2} with data.ringfence.settings as rules
}
