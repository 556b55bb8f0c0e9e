package ringfence.guardrails.mesh_weakening_test

import data.ringfence.guardrails.mesh_weakening
import data.ringfence.lib.example_test as example

found(setting) := {"setting": setting, "pointer": "/spec", "words": setting}

finding(setting) := {"pointer": "/spec", "message": setting}

cases["nothing of a mesh"] := {"allowed": [], "mesh": [], "findings": set()}

cases["an inherited mode"] := {
	"allowed": [],
	"mesh": [found("mtls-inherited")],
	"findings": {finding("mtls-inherited")},
}

cases["what the organisation allows"] := {
	"allowed": ["token-optional"],
	"mesh": [found("token-optional"), found("any-audience")],
	"findings": {finding("any-audience")},
}

cases["other guardrails'"] := {
	"allowed": [],
	"mesh": [found("plaintext-sent"), found("injection-off"), found("tomorrow")],
	"findings": set(),
}

test_findings[name] if {
	some name, case in cases
	settings := example.settings("mesh-weakening", {"allowed": case.allowed})
	facts := {"labelled": [], "mesh": case.mesh}
	mesh_weakening.findings == case.findings with input as facts with data.ringfence.settings as settings
}

key := "istio.io/use-waypoint"

taken_over := {{
	"pointer": "/metadata/labels",
	"message": "another waypoint, or none, enforces the policies of layer 7 from now on",
}}

waypoints["a new object"] := {"old": null, "new": {key: "a"}, "findings": set()}

waypoints["no waypoint before"] := {"old": {}, "new": {key: "a"}, "findings": set()}

waypoints["the same"] := {"old": {key: "a"}, "new": {key: "a"}, "findings": set()}

waypoints["another"] := {"old": {key: "a"}, "new": {key: "b"}, "findings": taken_over}

waypoints["it is removed"] := {"old": {key: "a"}, "new": {}, "findings": taken_over}

waypoints["none, and then nothing"] := {"old": {key: "none"}, "new": {}, "findings": set()}

test_waypoints[name] if {
	some name, case in waypoints
	labelled := [{"role": "object", "pointer": "/metadata/labels", "oldLabels": case.old, "labels": case.new}]
	settings := example.settings("mesh-weakening", {"allowed": []})
	mesh_weakening.findings == case.findings with input as {"labelled": labelled} with data.ringfence.settings as settings
}

test_agents_of_the_mesh_itself if {
	facts := {
		"object": {"family": "workload", "namespace": "istio-system"},
		"user": {"name": "alice"},
		"labelled": [],
		"mesh": [found("revision-chosen")],
	}
	settings := example.settings("mesh-weakening", {"allowed": [], "writers": [], "systemNamespaces": ["istio-system"]})
	mesh_weakening.findings == set() with input as facts with data.ringfence.settings as settings
}
