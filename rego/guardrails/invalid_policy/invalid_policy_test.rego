package ringfence.guardrails.invalid_policy_test

import data.ringfence.guardrails.invalid_policy
import data.ringfence.lib.example_test as example

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

settings_cases["an unread kind"] := {
	"kind": "unsupported-kind", "parameters": {"unreadKinds": [], "newerFields": []},
	"findings": {{"pointer": "/x", "message": "X"}},
}

settings_cases["an unread kind of a group with a warning"] := {
	"kind": "unsupported-kind",
	"parameters": {"unreadKinds": [{"group": "cilium.io", "verdict": "warn"}], "newerFields": []},
	"findings": {{"pointer": "/x", "message": "X", "atMost": "warn"}},
}

settings_cases["an unread kind of a group that is ignored"] := {
	"kind": "unsupported-kind",
	"parameters": {"unreadKinds": [{"group": "cilium.io", "verdict": "ignore"}], "newerFields": []},
	"findings": set(),
}

settings_cases["contradictory entries"] := {
	"kind": "unsupported-kind",
	"parameters": {
		"unreadKinds": [
			{"group": "cilium.io", "verdict": "ignore"},
			{"group": "cilium.io", "verdict": "warn"},
		],
		"newerFields": [],
	},
	"findings": set(),
}

settings_cases["entries of another group"] := {
	"kind": "unsupported-kind",
	"parameters": {"unreadKinds": [{"group": "cilium", "verdict": "ignore"}], "newerFields": ["cilium.io"]},
	"findings": {{"pointer": "/x", "message": "X"}},
}

settings_cases["an unknown field names the release"] := {
	"kind": "unknown-field", "parameters": {"unreadKinds": [], "newerFields": ["other.io"]},
	"findings": {{"pointer": "/x", "message": "X; Ringfence knows the fields of Cilium 9"}},
}

settings_cases["an unknown field of a newer cluster"] := {
	"kind": "unknown-field",
	"parameters": {"unreadKinds": [{"group": "cilium.io", "verdict": "ignore"}], "newerFields": ["cilium.io"]},
	"findings": {{"pointer": "/x", "message": "X; Ringfence knows the fields of Cilium 9", "atMost": "warn"}},
}

settings_cases["other defects stay"] := {
	"kind": "wrong-type",
	"parameters": {"unreadKinds": [{"group": "cilium.io", "verdict": "ignore"}], "newerFields": ["cilium.io"]},
	"findings": {{"pointer": "/x", "message": "X"}},
}

test_settings[name] if {
	some name, case in settings_cases
	facts := {
		"object": {"group": "cilium.io", "knownRelease": "Cilium 9"},
		"defects": [{"kind": case.kind, "pointer": "/x", "detail": "X", "effect": "none"}],
	}
	settings := example.settings("invalid-policy", case.parameters)
	invalid_policy.findings == case.findings with input as facts with data.ringfence.settings as settings
}
