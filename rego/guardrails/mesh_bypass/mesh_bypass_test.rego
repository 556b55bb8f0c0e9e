package ringfence.guardrails.mesh_bypass_test

import data.ringfence.guardrails.mesh_bypass
import data.ringfence.lib.example_test as example

agent := "system:serviceaccount:istio-system:istio-cni"

keys := ["istio-injection", "istio.io/rev"]

found(setting) := {"setting": setting, "pointer": "/metadata/annotations", "words": setting}

finding(setting) := {"pointer": "/metadata/annotations", "message": setting}

cases["nothing of a mesh"] := {"user": "alice", "allowed": [], "mesh": [], "findings": set()}

cases["no proxy"] := {
	"user": "alice",
	"allowed": [],
	"mesh": [found("injection-off")],
	"findings": {finding("injection-off")},
}

cases["a setting that nobody has thought of"] := {
	"user": "alice",
	"allowed": [],
	"mesh": [found("tomorrow")],
	"findings": {finding("tomorrow")},
}

cases["what the organisation allows"] := {
	"user": "alice",
	"allowed": ["injection-off"],
	"mesh": [found("injection-off"), found("traffic-excluded")],
	"findings": {finding("traffic-excluded")},
}

cases["other guardrails'"] := {
	"user": "alice",
	"allowed": [],
	"mesh": [found("plaintext-sent"), found("revision-chosen")],
	"findings": set(),
}

cases["the annotation of an agent by hand"] := {
	"user": "alice",
	"allowed": [],
	"mesh": [found("status-forged")],
	"findings": {finding("status-forged")},
}

cases["the annotation of an agent by the agent"] := {
	"user": agent,
	"allowed": [],
	"mesh": [found("status-forged"), found("ambient-off")],
	"findings": {finding("ambient-off")},
}

test_findings[name] if {
	some name, case in cases
	facts := {"object": {"family": "workload"}, "user": {"name": case.user}, "mesh": case.mesh}
	parameters := {"allowed": case.allowed, "writers": [agent], "namespaceLabels": keys}
	settings := example.settings("mesh-bypass", parameters)
	mesh_bypass.findings == case.findings with input as facts with data.ringfence.settings as settings
}

leaves(key) := {
	"pointer": "/metadata/labels",
	"message": concat("", [`without "`, key, `" the namespace leaves the mesh`]),
	"fix": concat("", [`keep "`, key, `"; or empty the namespace and create it anew`]),
}

namespaces["a new one"] := {"family": "namespace", "old": null, "new": {}, "findings": set()}

namespaces["one that is in no mesh"] := {"family": "namespace", "old": {"team": "a"}, "new": {}, "findings": set()}

namespaces["the label stays"] := {
	"family": "namespace",
	"old": {"istio-injection": "enabled"},
	"new": {"istio-injection": "enabled", "team": "a"},
	"findings": set(),
}

namespaces["the label is removed"] := {
	"family": "namespace",
	"old": {"istio-injection": "enabled", "team": "a"},
	"new": {"team": "a"},
	"findings": {leaves("istio-injection")},
}

namespaces["from one label to the other"] := {
	"family": "namespace",
	"old": {"istio-injection": "enabled"},
	"new": {"istio.io/rev": "stable"},
	"findings": set(),
}

namespaces["one of two is removed"] := {
	"family": "namespace",
	"old": {"istio-injection": "enabled", "istio.io/rev": "stable"},
	"new": {"istio.io/rev": "stable"},
	"findings": set(),
}

namespaces["a label that said no is removed"] := {
	"family": "namespace",
	"old": {"istio-injection": "disabled"},
	"new": {},
	"findings": set(),
}

namespaces["the label of a workload"] := {
	"family": "workload",
	"old": {"istio.io/rev": "stable"},
	"new": {},
	"findings": set(),
}

test_namespaces[name] if {
	some name, case in namespaces
	labelled := [{"role": "object", "pointer": "/metadata/labels", "oldLabels": case.old, "labels": case.new}]
	facts := {"object": {"family": case.family}, "user": {"name": "alice"}, "labelled": labelled}
	parameters := {"allowed": [], "writers": [agent], "namespaceLabels": keys}
	settings := example.settings("mesh-bypass", parameters)
	mesh_bypass.findings == case.findings with input as facts with data.ringfence.settings as settings
}

test_agents_of_the_mesh_itself if {
	facts := {
		"object": {"family": "workload", "namespace": "istio-system"},
		"user": {"name": "alice"},
		"labelled": [],
		"mesh": [found("injection-off")],
	}
	settings := example.settings("mesh-bypass", {"allowed": [], "writers": [], "systemNamespaces": ["istio-system"]})
	mesh_bypass.findings == set() with input as facts with data.ringfence.settings as settings
}
