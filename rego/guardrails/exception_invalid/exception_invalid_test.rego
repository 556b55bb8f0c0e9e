package ringfence.guardrails.exception_invalid_test

import data.ringfence.guardrails.exception_invalid

objections := {
	{"guardrail": "exception-invalid", "pointer": "/metadata/annotations", "message": "mine"},
	{"guardrail": "exception-other", "pointer": "/metadata/annotations", "message": "not mine"},
}

test_only_its_own_objections if {
	findings := exception_invalid.findings with data.ringfence.lib.exceptions.objections as objections
		with input as {"exception": {}}
	findings == {{"pointer": "/metadata/annotations", "message": "mine"}}
}

test_silent_without_an_exception if {
	findings := exception_invalid.findings with data.ringfence.lib.exceptions.objections as objections
		with input as {}
	findings == set()
}
