package ringfence.guardrails.ineffective_policy_test

import data.ringfence.guardrails.ineffective_policy

# Every kind of defect that the model knows, and whether it is this guardrail's.
kinds := {
	"inert-section": true,
	"no-isolation": true,
	"matches-nothing": true,
	"shadowed-rule": true,
	"unknown-field": false,
	"null-element": false,
	"wrong-type": false,
	"invalid-value": false,
	"missing-field": false,
	"conflicting-fields": false,
	"unsupported-kind": false,
	"ambiguous-address": false,
	"unresolved-reference": false,
}

test_kinds[kind] if {
	some kind, judged in kinds
	defect := {"kind": kind, "pointer": "/spec/egress", "detail": "egress is ignored", "effect": "drops"}
	findings := {finding | finding := {"pointer": "/spec/egress", "message": "egress is ignored"}; judged}
	ineffective_policy.findings == findings with input as {"defects": [defect]}
}

test_object_without_defects if ineffective_policy.findings == set() with input as {"defects": []}
