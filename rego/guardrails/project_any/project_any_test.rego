package ringfence.guardrails.project_any_test

import data.ringfence.guardrails.project_any
import data.ringfence.lib.example_test as example

verbs := {
	"source": "deploys from",
	"server": "deploys to",
	"namespace": "deploys to",
	"cluster-kind": "deploys",
	"namespaced-kind": "deploys",
	"application-namespace": "is open to",
	"project": "is in",
	"identity": "is allowed",
	"reference": "deploys from",
}

allowance(aspect, reach, advice_only) := {
	"aspect": aspect,
	"pointer": "/p",
	"reach": reach,
	"words": "X",
	"adviceOnly": advice_only,
}

found(one, aspects) := findings if {
	settings := example.settings("project-any", {"aspects": aspects})
	findings := project_any.findings with input as {"allowances": [one]} with data.ringfence.settings as settings
}

test_aspects[aspect] if {
	some aspect, verb in verbs
	found(allowance(aspect, "any", false), [aspect]) == {{"pointer": "/p", "message": concat(" ", [verb, "X"])}}
}

test_aspect_that_is_not_asked_for if found(allowance("source", "any", false), ["server"]) == set()

test_limited if found(allowance("source", "some", false), ["source"]) == set()

test_advice if {
	found(allowance("project", "any", true), ["project"]) == {{"pointer": "/p", "message": "is in X", "atMost": "warn"}}
}
