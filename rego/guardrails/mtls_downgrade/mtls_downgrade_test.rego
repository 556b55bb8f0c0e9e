package ringfence.guardrails.mtls_downgrade_test

import data.ringfence.guardrails.mtls_downgrade
import data.ringfence.lib.example_test as example

found(setting) := {"setting": setting, "pointer": "/spec/mtls", "words": setting}

finding(setting) := {"pointer": "/spec/mtls", "message": setting}

cases["nothing of a mesh"] := {"allowed": [], "mesh": [], "findings": set()}

cases["plaintext that is accepted"] := {
	"allowed": [],
	"mesh": [found("plaintext-accepted")],
	"findings": {finding("plaintext-accepted")},
}

cases["several"] := {
	"allowed": [],
	"mesh": [found("port-without-mtls"), found("mtls-inherited"), found("identity-disabled")],
	"findings": {finding("port-without-mtls"), finding("identity-disabled")},
}

cases["what the organisation allows"] := {
	"allowed": ["port-without-mtls"],
	"mesh": [found("port-without-mtls"), found("mtls-disabled")],
	"findings": {finding("mtls-disabled")},
}

cases["another guardrail's"] := {"allowed": [], "mesh": [found("injection-off")], "findings": set()}

test_findings[name] if {
	some name, case in cases
	settings := example.settings("mtls-downgrade", {"allowed": case.allowed})
	mtls_downgrade.findings == case.findings with input as {"mesh": case.mesh} with data.ringfence.settings as settings
}

test_object_without_a_mesh if mtls_downgrade.findings == set() with input as {}

test_agents_of_the_mesh_itself if {
	facts := {
		"object": {"family": "workload", "namespace": "istio-system"},
		"user": {"name": "alice"},
		"labelled": [],
		"mesh": [found("unauthenticated-inbound")],
	}
	settings := example.settings("mtls-downgrade", {"allowed": [], "writers": [], "systemNamespaces": ["istio-system"]})
	mtls_downgrade.findings == set() with input as facts with data.ringfence.settings as settings
}
