package ringfence.guardrails.invalid_policy_test

import data.ringfence.guardrails.invalid_policy

# Every kind of defect that the model knows, and whether it is this guardrail's.
kinds := {
	"unknown-field": true,
	"null-element": true,
	"wrong-type": true,
	"invalid-value": true,
	"missing-field": true,
	"conflicting-fields": true,
	"unsupported-kind": true,
	"ambiguous-address": true,
	"inert-section": false,
	"no-isolation": false,
	"matches-nothing": false,
	"shadowed-rule": false,
	"unresolved-reference": false,
}

test_kinds[kind] if {
	some kind, judged in kinds
	defect := {"kind": kind, "pointer": "/spec/x", "detail": `"x" is no field`, "effect": "none"}
	findings := {finding | finding := {"pointer": "/spec/x", "message": `"x" is no field`}; judged}
	invalid_policy.findings == findings with input as {"defects": [defect]}
}

effects := {
	"none": `"x" is no field`,
	"drops": `"x" is no field`,
	"widens": `"x" is no field (as the API reads it, more traffic is allowed)`,
}

test_effects[effect] if {
	some effect, message in effects
	defect := {"kind": "unknown-field", "pointer": "/spec/x", "detail": `"x" is no field`, "effect": effect}
	invalid_policy.findings == {{"pointer": "/spec/x", "message": message}} with input as {"defects": [defect]}
}

test_every_defect_is_a_finding if {
	defects := [
		{"kind": "unknown-field", "pointer": "/a", "detail": "first", "effect": "none"},
		{"kind": "wrong-type", "pointer": "/b", "detail": "second", "effect": "none"},
	]
	findings := {{"pointer": "/a", "message": "first"}, {"pointer": "/b", "message": "second"}}
	invalid_policy.findings == findings with input as {"defects": defects}
}

test_object_without_defects if invalid_policy.findings == set() with input as {"defects": []}
