# METADATA
# title: Whether an exception counts
# description: |
#   Signatures, audience and object of an approval are checked before (status "verified"). Decided here: time, the limits
#   of the settings, the number of approvers, and whether what was approved covers a finding. What can't be decided
#   excuses nothing.
package ringfence.lib.exceptions

# METADATA
# title: The findings of the object, with what excuses them
# description: Every finding of `raised` once; a finding that is excused carries `excused`.
# scope: document
judged contains finding if {
	some finding in data.ringfence.main.raised
	not _excuses[finding]
}

judged contains object.union(finding, {"excused": excuse}) if {
	some finding, excuse in _excuses
}

_excuses[finding] := excuse if {
	count(input.exception.defects) == 0
	some finding in data.ringfence.main.raised
	_asked_for(finding)
	excuse := _excuse(finding)
}

# The object must ask for the exception, and the guardrail must be one that allows exceptions.
_asked_for(finding) if {
	finding.guardrail in input.exception.requested.guardrails
	not finding.guardrail in data.ringfence.main.inexcusable
}

_excuse(finding) := excuse if {
	needed := _limits(finding.guardrail).approvals
	needed >= 1
	chosen := _last_to_end(_counting(finding), needed)
	count(chosen) == needed
	excuse := {
		"id": concat(",", [id | some [_, id, _] in chosen]),
		"approver": concat(", ", [approver | some [_, _, approver] in chosen]),
		"expires": min([min([expires | some [expires, _, _] in chosen]), _written_end]),
	}
}

else := {"id": "unsigned", "approver": "", "expires": _unsigned_end} if _unsigned_counts(finding.guardrail)

# METADATA
# title: The approvals that count for a finding
# description: Each of them alone; how many approvers are needed is another question.
_counting(finding) := [approval |
	some approval in input.exception.approvals
	approval.status == "verified"
	finding.guardrail in approval.guardrails
	_says_the_same(approval)
	_has_begun(approval)
	not _has_ended(approval)
	not _excess(approval, finding.guardrail)
	not _unreasonable(finding.guardrail)
	_covers(approval, finding)
]

# Per approver the approval that ends last, and of those the ones that end last. Nobody counts who asks in another one:
# two people could approve each other.
_last_to_end(approvals, needed) := array.slice(ordered, max([0, count(ordered) - needed]), count(ordered)) if {
	askers := {_person(approval.requester) | some approval in approvals}
	approvers := {_person(approval.approver) | some approval in approvals} - askers
	ordered := sort([last |
		some person in approvers
		last := max([[approval.expires, approval.id, approval.approver] |
			some approval in approvals
			_person(approval.approver) == person
		])
	])
}

_person(name) := lower(trim_space(name))

# --- what was approved ---

# Rules are covered by their traffic, see src/exceptions/policy-traffic.ts; never by a message, which names no address.
_covers(approval, finding) if {
	count(finding.rules) > 0
	every pointer in finding.rules {
		pointer in approval.coveredRules
	}
}

# Every other finding by its words, and not more of them than were approved.
_covers(approval, finding) if {
	not finding.rules
	_times(approval.findings, finding) >= _times(data.ringfence.main.raised, finding)
}

_times(findings, wanted) := count([1 |
	some finding in findings
	finding.guardrail == wanted.guardrail
	finding.message == wanted.message
])

# The annotations are for people and for lists: they must not tell anything else than what was signed.
_says_the_same(approval) if {
	trim_space(approval.reason) == trim_space(input.exception.requested.reason)
	_same_requester(approval.requester, input.exception.requested.requester)
	not _end_is_later
}

_same_requester(_, "")

_same_requester(signed, written) if _person(signed) == _person(written)

_end_is_later if {
	is_number(input.exception.requested.expires)
	input.exception.requested.expires > max([approval.expires |
		some approval in input.exception.approvals
		approval.status == "verified"
	])
}

# --- time ---

_has_begun(approval) if {
	approval.notBefore <= input.nowSeconds
	approval.issuedAt <= input.nowSeconds + 60
}

_has_ended(approval) if approval.expires <= input.nowSeconds

_has_ended(_) if _written_end <= input.nowSeconds

# An end that is written on the object may be earlier than the signed one.
_written_end := input.exception.requested.expires if is_number(input.exception.requested.expires)

# 9999: no end is written.
else := 253402300799

# --- limits ---

_limits(slug) := data.ringfence.settings.exceptions.limits[slug]

# In which way an approval exceeds the limits, in words.
_excess(approval, slug) := concat("", [
	"it is for ", _duration(approval.expires - approval.issuedAt),
	", and the settings allow ", _duration(_limits(slug).longest),
]) if {
	approval.expires - approval.issuedAt > _limits(slug).longest
}

else := concat("", ["it was renewed more than ", format_int(_limits(slug).renewals, 10), " times"]) if {
	approval.renewal.count > _limits(slug).renewals
}

else := concat("", [
	"with its renewals it is for ", _duration(approval.expires - _first(approval)),
	", and the settings allow ", _duration(_limits(slug).longestInAll), " in all",
]) if {
	approval.expires - _first(approval) > _limits(slug).longestInAll
}

else := "the settings have no limits for it" if not _limits(slug)

# When the first of its renewals began.
_first(approval) := approval.renewal.first

_first(approval) := approval.issuedAt if not approval.renewal.first

# A pattern that is none is met by nothing.
_unreasonable(slug) if not regex.match(_limits(slug).reasonPattern, input.exception.requested.reason)

_duration(seconds) := concat("", [format_int(seconds / 86400, 10), " days"]) if seconds % 86400 == 0

else := concat("", [format_int(seconds / 3600, 10), " hours"]) if seconds % 3600 == 0

else := concat("", [format_int(seconds / 60, 10), " minutes"]) if seconds % 60 == 0

else := concat("", [format_int(seconds, 10), " seconds"])

# --- exceptions that nobody signed ---

_unsigned_counts(slug) if {
	_is_unsigned
	_limits(slug).unsigned.allowed == true
	input.exception.unsigned.allowedByVerb == true
	not _unreasonable(slug)
	_unsigned_end - input.exception.unsigned.firstSeen <= _limits(slug).unsigned.longest
	input.nowSeconds < _unsigned_end
}

_is_unsigned if count(input.exception.approvals) == 0

# Anchored to the moment when the exception was first seen, so that writing it anew doesn't prolong it.
_unsigned_end := min(_unsigned_ends) if {
	is_number(input.exception.unsigned.firstSeen)
	count(_unsigned_ends) > 0
}

_unsigned_ends contains input.exception.requested.expires if is_number(input.exception.requested.expires)

_unsigned_ends contains input.exception.unsigned.firstSeen + input.exception.requested.ttl if {
	is_number(input.exception.requested.ttl)
}

# --- why an exception doesn't count ---

# METADATA
# title: Why the exception of the object doesn't count
# description: |
#   What is wrong with the annotations themselves, and for each finding that would deny: why the exception that the object
#   asks for doesn't excuse it. `guardrail` is the one that says so. The messages don't depend on the moment: the same
#   exception gives the same message tomorrow.
# scope: document
objections contains objection if {
	some defect in input.exception.defects
	objection := {"guardrail": "exception-invalid", "pointer": defect.pointer, "message": defect.detail}
}

objections contains objection if {
	some slug in input.exception.requested.guardrails
	problem := _no_exception_from(slug)
	objection := {
		"guardrail": "exception-invalid",
		"pointer": input.exception.requested.pointer,
		"message": concat("", [`"`, slug, `" `, problem]),
	}
}

objections contains objection if {
	count(input.exception.defects) == 0
	some finding in data.ringfence.main.raised
	not _excuses[finding]
	_asked_for(finding)
	data.ringfence.settings.guardrails[finding.guardrail].mode == "enforce"
	some objection in _objections_to(finding)
}

_no_exception_from(slug) := "is no guardrail (unknown-guardrail)" if not data.ringfence.settings.guardrails[slug]

else := "allows no exceptions" if slug in data.ringfence.main.inexcusable

_objections_to(finding) := {_objection(approval, finding) | some approval in _naming(finding.guardrail)} if {
	count(_naming(finding.guardrail)) > 0
}

_objections_to(finding) := {_invalid(finding, "none of its approvals is for this guardrail")} if {
	not _is_unsigned
	count(_naming(finding.guardrail)) == 0
}

_objections_to(finding) := {_unsigned_objection(finding)} if _is_unsigned

# Approvals that name the guardrail, and those of which nothing is known.
_naming(slug) := [approval |
	some approval in input.exception.approvals
	_names(approval, slug)
]

_names(approval, slug) if slug in approval.guardrails

_names(approval, _) if count(approval.guardrails) == 0

_objection(approval, finding) := _invalid(finding, approval.status) if approval.status != "verified"

else := _invalid(finding, "the annotations don't say what was signed") if not _says_the_same(approval)

else := _invalid(finding, "not-yet-valid") if not _has_begun(approval)

else := _objection_of("exception-expired", finding, approval, concat("", ["ended at ", _end_words(approval)])) if {
	_has_ended(approval)
	_covers(approval, finding)
}

else := _at(finding, _objection_of(
	"exception-outgrown", finding, approval,
	concat("", ["ended at ", _end_words(approval), " and didn't cover this either"]),
)) if {
	_has_ended(approval)
}

else := _objection_of("exception-too-long", finding, approval, concat("", ["is too long: ", excess])) if {
	excess := _excess(approval, finding.guardrail)
}

else := _invalid(finding, "its reason is not of the form that the settings ask for") if {
	_unreasonable(finding.guardrail)
}

else := _at(finding, _objection_of(
	"exception-outgrown", finding, approval,
	concat("", ["doesn't cover this: ", _uncovered_words(finding)]),
)) if {
	not _covers(approval, finding)
}

else := _invalid(finding, concat("", [
	"approvals of ", format_int(_limits(finding.guardrail).approvals, 10), " people are needed",
]))

_uncovered_words(finding) := "the rule allows more than was approved, or the policy applies to more" if finding.rules

else := "it was not among what was approved"

# What ends first: the signed end or the one that is written on the object.
_end_words(approval) := approval.expiresAt if approval.expires <= _written_end

else := input.exception.requested.expiresAt

_invalid(finding, why) := {
	"guardrail": "exception-invalid",
	"pointer": input.exception.requested.pointer,
	"message": concat("", ["the exception from ", finding.guardrail, " doesn't count: ", why]),
}

_objection_of(slug, finding, approval, what) := {
	"guardrail": slug,
	"pointer": input.exception.requested.pointer,
	"message": concat("", ["the exception ", approval.id, " from ", finding.guardrail, " ", what]),
}

_at(finding, objection) := object.union(objection, {"pointer": finding.pointer})

_unsigned_objection(finding) := _invalid(finding, "nobody has approved it") if {
	not _limits(finding.guardrail).unsigned.allowed == true
}

else := _invalid(finding, "only users with the right to do so can make it without an approval") if {
	not input.exception.unsigned.allowedByVerb == true
}

else := _invalid(finding, "it can't be known since when it is there") if {
	not is_number(input.exception.unsigned.firstSeen)
}

else := _invalid(finding, "it has no end") if count(_unsigned_ends) == 0

else := _unsigned_objection_of("exception-too-long", finding, concat("", [
	"is too long: without an approval the settings allow ", _duration(_limits(finding.guardrail).unsigned.longest),
])) if {
	_unsigned_end - input.exception.unsigned.firstSeen > _limits(finding.guardrail).unsigned.longest
}

else := _unsigned_objection_of("exception-expired", finding, "has ended") if input.nowSeconds >= _unsigned_end

else := _invalid(finding, "its reason is not of the form that the settings ask for")

_unsigned_objection_of(slug, finding, what) := {
	"guardrail": slug,
	"pointer": input.exception.requested.pointer,
	"message": concat("", ["the exception from ", finding.guardrail, " ", what]),
}
