package ringfence.guardrails.default_deny_missing_test

import data.ringfence.guardrails.default_deny_missing
import data.ringfence.lib.example_test as example

both := ["ingress", "egress"]

message(directions) := concat("", ["no policy isolates every Pod of the namespace for ", directions])

cases["not known"] := {"facts": {}, "directions": both, "messages": set()}

cases["isolated"] := {
	"facts": {"defaultDeny": {"ingress": true, "egress": true}}, "directions": both, "messages": set(),
}

cases["open"] := {
	"facts": {"defaultDeny": {"ingress": false, "egress": false}},
	"directions": both,
	"messages": {message("ingress and egress")},
}

cases["open for egress"] := {
	"facts": {"defaultDeny": {"ingress": true, "egress": false}}, "directions": both, "messages": {message("egress")},
}

cases["open for a direction that isn't asked for"] := {
	"facts": {"defaultDeny": {"ingress": true, "egress": false}}, "directions": ["ingress"], "messages": set(),
}

test_messages[name] if {
	some name, case in cases
	settings := example.settings("default-deny-missing", {"directions": case.directions})
	found := default_deny_missing.findings with input as case.facts with data.ringfence.settings as settings
	{finding.message | some finding in found} == case.messages
}
