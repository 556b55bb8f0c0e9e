package ringfence.lib.exceptions_test

import data.ringfence.lib.exceptions

limits := {
	"longest": 86400,
	"approvals": 1,
	"renewals": 2,
	"longestInAll": 172800,
	"reasonPattern": "SEC-[0-9]+",
	"unsigned": {"allowed": false, "longest": 3600},
}

wide := {
	"guardrail": "any-any",
	"pointer": "/spec/ingress/0",
	"message": "allows anyone on every port",
	"rules": ["/spec/ingress/0"],
}

unlabelled := {"guardrail": "required-labels", "pointer": "/metadata/labels", "message": `"owner" is missing`}

# An approval of both, signed at 1000 for an hour.
approval := {
	"id": "a1",
	"approver": "bob",
	"requester": "alice",
	"guardrails": ["any-any", "required-labels"],
	"issuedAt": 1000,
	"notBefore": 1000,
	"expires": 4600,
	"expiresAt": "E",
	"renewal": null,
	"reason": "SEC-1",
	"status": "verified",
	"coveredRules": ["/spec/ingress/0"],
	"findings": [{"guardrail": "required-labels", "message": `"owner" is missing`}],
	"controller": null,
}

requested := {
	"pointer": "/metadata/annotations",
	"guardrails": ["any-any", "required-labels"],
	"reason": "SEC-1",
	"expires": null,
	"expiresAt": "",
	"ttl": null,
	"requester": "alice",
}

exception := {
	"requested": requested,
	"defects": [],
	"approvals": [approval],
	"unsigned": {"allowedByVerb": null, "firstSeen": null},
}

with_approvals(approvals) := object.union(exception, {"approvals": approvals})

changed(changes) := with_approvals([object.union(approval, changes)])

asking(changes) := object.union(exception, {"requested": object.union(requested, changes)})

unsigned(changes, known) := object.union(
	asking(changes),
	{"approvals": [], "unsigned": object.union({"allowedByVerb": true, "firstSeen": 1000}, known)},
)

second := object.union(approval, {"id": "a2", "approver": "carol", "expires": 4000})

two := {"approvals": 2}

allowed := {"unsigned": {"allowed": true, "longest": 3600}}

# --- what counts: the id, the approver and the end of what excuses any-any

counting["what was approved"] := {"exception": exception, "excused": {"id": "a1", "approver": "bob", "expires": 4600}}

counting["in its first second"] := {
	"now": 1000,
	"exception": exception,
	"excused": {"id": "a1", "approver": "bob", "expires": 4600},
}

counting["in its last second"] := {
	"now": 4599,
	"exception": exception,
	"excused": {"id": "a1", "approver": "bob", "expires": 4600},
}

counting["an earlier end is written on the object"] := {
	"exception": asking({"expires": 3000}),
	"excused": {"id": "a1", "approver": "bob", "expires": 3000},
}

counting["the requester isn't written on the object"] := {
	"exception": asking({"requester": ""}),
	"excused": {"id": "a1", "approver": "bob", "expires": 4600},
}

counting["spaces around the reason, another case of the requester"] := {
	"exception": asking({"requester": "Alice", "reason": " SEC-1 "}),
	"excused": {"id": "a1", "approver": "bob", "expires": 4600},
}

counting["two approvers where two are needed: both must hold"] := {
	"limits": two,
	"exception": with_approvals([approval, second]),
	"excused": {"id": "a2,a1", "approver": "carol, bob", "expires": 4000},
}

counting["two approvers where one is enough: the later end holds"] := {
	"exception": with_approvals([approval, second]),
	"excused": {"id": "a1", "approver": "bob", "expires": 4600},
}

counting["a good one beside a bad one"] := {
	"exception": with_approvals([object.union(approval, {"status": "wrong-audience"}), second]),
	"excused": {"id": "a2", "approver": "carol", "expires": 4000},
}

counting["a renewal"] := {
	"exception": changed({"renewal": {"count": 2, "first": 100, "previous": "a0"}}),
	"excused": {"id": "a1", "approver": "bob", "expires": 4600},
}

counting["unsigned, with an end"] := {
	"limits": allowed,
	"exception": unsigned({"expires": 3000}, {}),
	"excused": {"id": "unsigned", "approver": "", "expires": 3000},
}

counting["unsigned, with a length"] := {
	"limits": allowed,
	"exception": unsigned({"ttl": 1800}, {}),
	"excused": {"id": "unsigned", "approver": "", "expires": 2800},
}

test_counting[name] if {
	some name, case in counting
	{finding | some finding in _judged(case)} == {
		object.union(wide, {"excused": case.excused}),
		_or_excused(unlabelled, case),
	}
	_objections(case) == set()
}

# Whoever excuses any-any in these cases excuses the other finding as well, but for the limits of unsigned ones.
_or_excused(finding, case) := object.union(finding, {"excused": case.excused})

# --- what doesn't count: who objects, and in which words

refused["nobody approved it"] := {
	"exception": with_approvals([]),
	"objections": {["exception-invalid", "the exception from any-any doesn't count: nobody has approved it"]},
}

refused["not verified"] := {
	"exception": changed({"status": "bad-signature"}),
	"objections": {["exception-invalid", "the exception from any-any doesn't count: bad-signature"]},
}

refused["not verified, and nothing is known of it"] := {
	"exception": changed({"status": "malformed", "guardrails": []}),
	"objections": {["exception-invalid", "the exception from any-any doesn't count: malformed"]},
}

refused["for another guardrail"] := {
	"exception": changed({"guardrails": ["any-peer"]}),
	"objections": {[
		"exception-invalid",
		"the exception from any-any doesn't count: none of its approvals is for this guardrail",
	]},
}

refused["another reason"] := {
	"exception": asking({"reason": "SEC-2"}),
	"objections": {[
		"exception-invalid",
		"the exception from any-any doesn't count: the annotations don't say what was signed",
	]},
}

refused["another requester"] := {
	"exception": asking({"requester": "eve"}),
	"objections": {[
		"exception-invalid",
		"the exception from any-any doesn't count: the annotations don't say what was signed",
	]},
}

refused["a later end"] := {
	"exception": asking({"expires": 4601}),
	"objections": {[
		"exception-invalid",
		"the exception from any-any doesn't count: the annotations don't say what was signed",
	]},
}

refused["it begins later"] := {
	"exception": changed({"notBefore": 2001}),
	"objections": {["exception-invalid", "the exception from any-any doesn't count: not-yet-valid"]},
}

refused["signed in the future"] := {
	"exception": changed({"issuedAt": 2061}),
	"objections": {["exception-invalid", "the exception from any-any doesn't count: not-yet-valid"]},
}

refused["ended"] := {
	"now": 4600,
	"exception": exception,
	"objections": {["exception-expired", "the exception a1 from any-any ended at E"]},
}

refused["the earlier end on the object has come"] := {
	"exception": asking({"expires": 2000, "expiresAt": "W"}),
	"objections": {["exception-expired", "the exception a1 from any-any ended at W"]},
}

refused["ended, and never covered it"] := {
	"now": 4600,
	"exception": changed({"coveredRules": []}),
	"objections": {["exception-outgrown", "the exception a1 from any-any ended at E and didn't cover this either"]},
}

refused["too long"] := {
	"exception": changed({"expires": 87401}),
	"objections": {[
		"exception-too-long",
		"the exception a1 from any-any is too long: it is for 86401 seconds, and the settings allow 1 days",
	]},
}

refused["too long by hours"] := {
	"exception": changed({"expires": 91000}),
	"objections": {[
		"exception-too-long",
		"the exception a1 from any-any is too long: it is for 25 hours, and the settings allow 1 days",
	]},
}

refused["too long by minutes"] := {
	"exception": changed({"expires": 87460}),
	"objections": {[
		"exception-too-long",
		"the exception a1 from any-any is too long: it is for 1441 minutes, and the settings allow 1 days",
	]},
}

refused["renewed too often"] := {
	"exception": changed({"renewal": {"count": 3, "first": 100, "previous": "a0"}}),
	"objections": {[
		"exception-too-long",
		"the exception a1 from any-any is too long: it was renewed more than 2 times",
	]},
}

refused["too long in all"] := {
	"exception": changed({"renewal": {"count": 1, "first": -170000, "previous": "a0"}}),
	"objections": {[
		"exception-too-long",
		concat("", [
			"the exception a1 from any-any is too long: with its renewals it is for 2910 minutes, ",
			"and the settings allow 2 days in all",
		]),
	]},
}

refused["a reason of another form"] := {
	"limits": {"reasonPattern": "^CHG-"},
	"exception": exception,
	"objections": {[
		"exception-invalid",
		"the exception from any-any doesn't count: its reason is not of the form that the settings ask for",
	]},
}

refused["a pattern that is none"] := {
	"limits": {"reasonPattern": "("},
	"exception": exception,
	"objections": {[
		"exception-invalid",
		"the exception from any-any doesn't count: its reason is not of the form that the settings ask for",
	]},
}

refused["outgrown"] := {
	"exception": changed({"coveredRules": ["/spec/ingress/1"]}),
	"objections": {[
		"exception-outgrown",
		concat("", [
			"the exception a1 from any-any doesn't cover this: ",
			"the rule allows more than was approved, or the policy applies to more",
		]),
	]},
}

refused["one approver where two are needed"] := {
	"limits": two,
	"exception": exception,
	"objections": {["exception-invalid", "the exception from any-any doesn't count: approvals of 2 people are needed"]},
}

refused["the same approver twice"] := {
	"limits": two,
	"exception": with_approvals([approval, object.union(approval, {"id": "a2", "approver": "BOB "})]),
	"objections": {["exception-invalid", "the exception from any-any doesn't count: approvals of 2 people are needed"]},
}

refused["two people approve each other's"] := {
	"limits": two,
	"exception": object.union(
		asking({"requester": ""}),
		{"approvals": [
			object.union(approval, {"requester": "carol"}),
			object.union(second, {"requester": "bob"}),
		]},
	),
	"objections": {["exception-invalid", "the exception from any-any doesn't count: approvals of 2 people are needed"]},
}

refused["without limits"] := {
	"without": true,
	"exception": exception,
	"objections": {[
		"exception-too-long",
		"the exception a1 from any-any is too long: the settings have no limits for it",
	]},
}

refused["unsigned, by somebody who may not"] := {
	"limits": allowed,
	"exception": unsigned({"ttl": 60}, {"allowedByVerb": false}),
	"objections": {[
		"exception-invalid",
		concat("", [
			"the exception from any-any doesn't count: ",
			"only users with the right to do so can make it without an approval",
		]),
	]},
}

refused["unsigned, and nobody knows since when"] := {
	"limits": allowed,
	"exception": unsigned({"ttl": 60}, {"firstSeen": null}),
	"objections": {[
		"exception-invalid",
		"the exception from any-any doesn't count: it can't be known since when it is there",
	]},
}

refused["unsigned, without an end"] := {
	"limits": allowed,
	"exception": unsigned({}, {}),
	"objections": {["exception-invalid", "the exception from any-any doesn't count: it has no end"]},
}

refused["unsigned, too long"] := {
	"limits": allowed,
	"exception": unsigned({"ttl": 3601}, {}),
	"objections": {[
		"exception-too-long",
		"the exception from any-any is too long: without an approval the settings allow 1 hours",
	]},
}

refused["unsigned, ended"] := {
	"limits": allowed,
	"exception": unsigned({"ttl": 1000}, {}),
	"objections": {["exception-expired", "the exception from any-any has ended"]},
}

refused["unsigned, without a good reason"] := {
	"limits": allowed,
	"exception": unsigned({"ttl": 1800, "reason": "because"}, {}),
	"objections": {[
		"exception-invalid",
		"the exception from any-any doesn't count: its reason is not of the form that the settings ask for",
	]},
}

test_refused[name] if {
	some name, case in refused
	wide in _judged(case)
	{[one.guardrail, one.message] | some one in _objections(case); contains(one.message, "any-any")} == case.objections
}

# --- other cases

test_every_other_finding_is_covered_by_its_words if {
	moved := object.union(unlabelled, {"pointer": "/spec/template/metadata/labels"})
	findings := exceptions.judged with data.ringfence.main.raised as {moved}
		with data.ringfence.settings as _settings({})
		with data.ringfence.main.inexcusable as set()
		with input as _input({"exception": exception})
	findings == {object.union(moved, {"excused": {"id": "a1", "approver": "bob", "expires": 4600}})}
}

test_one_more_of_the_same_words_is_not_covered if {
	again := object.union(unlabelled, {"pointer": "/spec/template/metadata/labels"})
	raised := {unlabelled, again}
	case := {"exception": exception}
	exceptions.judged == raised with data.ringfence.main.raised as raised
		with data.ringfence.settings as _settings({})
		with data.ringfence.main.inexcusable as set()
		with input as _input(case)
	messages := {one.message | some one in exceptions.objections} with data.ringfence.main.raised as raised
		with data.ringfence.settings as _settings({})
		with data.ringfence.main.inexcusable as set()
		with input as _input(case)
	messages == {"the exception a1 from required-labels doesn't cover this: it was not among what was approved"}
}

test_a_finding_about_no_rule_at_all_is_not_covered if {
	empty := object.union(wide, {"rules": []})
	exceptions.judged == {empty} with data.ringfence.main.raised as {empty}
		with data.ringfence.settings as _settings({})
		with data.ringfence.main.inexcusable as set()
		with input as _input({"exception": exception})
}

test_a_union_needs_all_of_its_rules if {
	union := object.union(wide, {"rules": ["/spec/ingress/0", "/spec/ingress/1"]})
	exceptions.judged == {union} with data.ringfence.main.raised as {union}
		with data.ringfence.settings as _settings({})
		with data.ringfence.main.inexcusable as set()
		with input as _input({"exception": exception})
}

test_with_a_defect_nothing_counts if {
	case := {"exception": object.union(exception, {"defects": [{"pointer": "/p", "detail": "bent"}]})}
	_judged(case) == {wide, unlabelled}
	_objections(case) == {{"guardrail": "exception-invalid", "pointer": "/p", "message": "bent"}}
}

test_some_guardrails_allow_no_exceptions if {
	case := {"exception": exception, "inexcusable": {"any-any"}}
	wide in _judged(case)
	{one.message | some one in _objections(case)} == {`"any-any" allows no exceptions`}
}

test_guardrails_that_there_are_not if {
	case := {"exception": asking({"guardrails": ["everything"]})}
	_judged(case) == {wide, unlabelled}
	{one.message | some one in _objections(case)} == {`"everything" is no guardrail (unknown-guardrail)`}
}

test_nobody_objects_to_what_only_warns if {
	case := {"now": 4600, "mode": "warn", "exception": exception}
	_judged(case) == {wide, unlabelled}
	_objections(case) == set()
}

test_nobody_objects_where_nothing_was_found if {
	exceptions.objections == set() with data.ringfence.main.raised as set()
		with data.ringfence.settings as _settings({})
		with data.ringfence.main.inexcusable as set()
		with input as _input({"now": 4600, "exception": exception})
}

_judged(case) := result if {
	result := exceptions.judged with data.ringfence.main.raised as {wide, unlabelled}
		with data.ringfence.settings as _settings(case)
		with data.ringfence.main.inexcusable as object.get(case, "inexcusable", set())
		with input as _input(case)
}

_objections(case) := result if {
	result := exceptions.objections with data.ringfence.main.raised as {wide, unlabelled}
		with data.ringfence.settings as _settings(case)
		with data.ringfence.main.inexcusable as object.get(case, "inexcusable", set())
		with input as _input(case)
}

_settings(case) := {
	"guardrails": {slug: {"mode": object.get(case, "mode", "enforce")} | some slug in ["any-any", "required-labels"]},
	"exceptions": {"limits": _limits(case)},
}

_limits(case) := {} if case.without

_limits(case) := {slug: object.union(limits, object.get(case, "limits", {})) |
	some slug in ["any-any", "required-labels"]
} if {
	not case.without
}

_input(case) := {"nowSeconds": object.get(case, "now", 2000), "exception": case.exception}
