package ringfence.guardrails.exception_expired_test

import data.ringfence.guardrails.exception_expired

objections := {
	{"guardrail": "exception-expired", "pointer": "/metadata/annotations", "message": "mine"},
	{"guardrail": "exception-other", "pointer": "/metadata/annotations", "message": "not mine"},
}

test_only_its_own_objections if {
	findings := exception_expired.findings with data.ringfence.lib.exceptions.objections as objections
		with input as {"exception": {}}
	findings == {{"pointer": "/metadata/annotations", "message": "mine"}}
}

test_silent_without_an_exception if {
	findings := exception_expired.findings with data.ringfence.lib.exceptions.objections as objections
		with input as {}
	findings == set()
}
