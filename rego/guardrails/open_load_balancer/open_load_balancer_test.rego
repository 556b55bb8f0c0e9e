package ringfence.guardrails.open_load_balancer_test

import data.ringfence.guardrails.open_load_balancer
import data.ringfence.lib.example_test as example

parameters := {"internal": [{"annotation": "example.com/scheme", "values": ["internal", "Inside"]}]}

cases["anyone"] := {"reach": "anyone", "annotations": {}, "who": "anyone"}

cases["the internet"] := {"reach": "external", "annotations": {}, "who": "the whole internet"}

cases["named clients"] := {"reach": "selected", "annotations": {}}

cases["private addresses"] := {"reach": "cluster", "annotations": {}}

cases["internal"] := {"reach": "anyone", "annotations": {"example.com/scheme": "Internal"}}

cases["internal by another value"] := {"reach": "anyone", "annotations": {"example.com/scheme": "inside"}}

cases["public by the same annotation"] := {"reach": "anyone", "annotations": {"example.com/scheme": "public"}, "who": "anyone"}

cases["another annotation"] := {"reach": "anyone", "annotations": {"example.com/other": "internal"}, "who": "anyone"}

expected(case) := {{"pointer": "/p", "message": concat("", ["the load balancer lets ", case.who, " connect"])}}

expected(case) := set() if not case.who

test_findings[name] if {
	some name, case in cases
	facts := {"service": {"clients": {"pointer": "/p", "reach": case.reach, "annotations": case.annotations}}}
	settings := example.settings("open-load-balancer", parameters)
	open_load_balancer.findings == expected(case) with input as facts with data.ringfence.settings as settings
}

test_other_services if open_load_balancer.findings == set() with input as {"service": {"type": "ClusterIP"}}
