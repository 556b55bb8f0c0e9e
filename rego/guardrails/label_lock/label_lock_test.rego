package ringfence.guardrails.label_lock_test

import data.ringfence.guardrails.label_lock
import data.ringfence.lib.example_test as example

locked := {"keys": ["domain", "zone"], "domainKeys": []}

bound := {"keys": [], "domainKeys": ["domain"]}

deployment := {"family": "workload", "kind": "Deployment"}

pod := {"family": "workload", "kind": "Pod"}

namespace := {"family": "namespace", "kind": "Namespace"}

labels(old, new) := [{"pointer": "/metadata/labels", "oldLabels": old, "labels": new}]

finding(message) := {"pointer": "/metadata/labels", "message": message}

changes["nothing is locked"] := {
	"parameters": {"keys": [], "domainKeys": []},
	"object": pod,
	"labelled": labels({"domain": "a"}, {"domain": "b"}),
	"findings": set(),
}

changes["a new object"] := {
	"parameters": locked,
	"object": pod,
	"labelled": labels(null, {"domain": "a"}),
	"findings": set(),
}

changes["the label stays"] := {
	"parameters": locked,
	"object": pod,
	"labelled": labels({"domain": "a", "app": "x"}, {"domain": "a", "app": "y"}),
	"findings": set(),
}

changes["the label is changed"] := {
	"parameters": locked,
	"object": deployment,
	"labelled": labels({"domain": "a"}, {"domain": "b"}),
	"findings": {finding(`"domain" can't be changed on a live object`)},
}

changes["the label is changed on a namespace"] := {
	"parameters": locked,
	"object": namespace,
	"labelled": labels({"domain": "a"}, {"domain": "b"}),
	"findings": {finding(`"domain" can't be changed on a live object`)},
}

changes["the label is emptied"] := {
	"parameters": locked,
	"object": deployment,
	"labelled": labels({"domain": "a"}, {"domain": ""}),
	"findings": {finding(`"domain" can't be changed on a live object`)},
}

changes["the label is removed"] := {
	"parameters": locked,
	"object": deployment,
	"labelled": labels({"domain": "a"}, {}),
	"findings": {finding(`"domain" can't be removed from a live object`)},
}

changes["an empty label is removed"] := {
	"parameters": locked,
	"object": deployment,
	"labelled": labels({"domain": ""}, {}),
	"findings": {finding(`"domain" can't be removed from a live object`)},
}

changes["two labels at once"] := {
	"parameters": locked,
	"object": deployment,
	"labelled": labels({"domain": "a", "zone": "c"}, {"domain": "b"}),
	"findings": {
		finding(`"domain" can't be changed on a live object`),
		finding(`"zone" can't be removed from a live object`),
	},
}

changes["the label is added to a Pod"] := {
	"parameters": locked,
	"object": pod,
	"labelled": labels({}, {"domain": "a"}),
	"findings": {finding(`"domain" can't be added to a live object`)},
}

changes["the label is added to a Deployment"] := {
	"parameters": locked,
	"object": deployment,
	"labelled": labels({}, {"domain": "a"}),
	"findings": set(),
}

changes["the label is added to a namespace"] := {
	"parameters": locked,
	"object": namespace,
	"labelled": labels({}, {"domain": "a"}),
	"findings": set(),
}

changes["the Pod template's label is changed"] := {
	"parameters": locked,
	"object": deployment,
	"labelled": [
		{"pointer": "/metadata/labels", "oldLabels": {"domain": "a"}, "labels": {"domain": "a"}},
		{"pointer": "/spec/template/metadata/labels", "oldLabels": {"domain": "a"}, "labels": {"domain": "b"}},
	],
	"findings": {{
		"pointer": "/spec/template/metadata/labels",
		"message": `"domain" can't be changed on a live object`,
	}},
}

test_changes[name] if {
	some name, case in changes
	facts := {"object": case.object, "namespaceLabels": null, "labelled": case.labelled}
	settings := example.settings("label-lock", case.parameters)
	label_lock.findings == case.findings with input as facts with data.ringfence.settings as settings
}

contradiction(pointer) := {
	"pointer": pointer,
	"message": `"domain" contradicts the namespace, which has "shop"`,
	"fix": `set "domain" to "shop", or deploy to a namespace of the other domain`,
}

domains["the same"] := {
	"parameters": bound,
	"object": pod,
	"namespace": {"domain": "shop"},
	"labelled": labels(null, {"domain": "shop"}),
	"findings": set(),
}

domains["another"] := {
	"parameters": bound,
	"object": pod,
	"namespace": {"domain": "shop"},
	"labelled": labels(null, {"domain": "bank"}),
	"findings": {contradiction("/metadata/labels")},
}

domains["another, and the key isn't bound"] := {
	"parameters": {"keys": ["domain"], "domainKeys": ["zone"]},
	"object": pod,
	"namespace": {"domain": "shop"},
	"labelled": labels(null, {"domain": "bank"}),
	"findings": set(),
}

domains["none on the workload"] := {
	"parameters": bound,
	"object": pod,
	"namespace": {"domain": "shop"},
	"labelled": labels(null, {}),
	"findings": set(),
}

domains["none on the namespace"] := {
	"parameters": bound,
	"object": pod,
	"namespace": {},
	"labelled": labels(null, {"domain": "bank"}),
	"findings": set(),
}

domains["the namespace's labels can't be known"] := {
	"parameters": bound,
	"object": pod,
	"namespace": null,
	"labelled": labels(null, {"domain": "bank"}),
	"findings": set(),
}

domains["a Namespace is not in itself"] := {
	"parameters": bound,
	"object": namespace,
	"namespace": {"domain": "shop"},
	"labelled": labels(null, {"domain": "bank"}),
	"findings": set(),
}

domains["another on the Pod template alone"] := {
	"parameters": bound,
	"object": deployment,
	"namespace": {"domain": "shop"},
	"labelled": [
		{"pointer": "/metadata/labels", "oldLabels": null, "labels": {"domain": "shop"}},
		{"pointer": "/spec/template/metadata/labels", "oldLabels": null, "labels": {"domain": "bank"}},
	],
	"findings": {contradiction("/spec/template/metadata/labels")},
}

test_domains[name] if {
	some name, case in domains
	facts := {"object": case.object, "namespaceLabels": case.namespace, "labelled": case.labelled}
	settings := example.settings("label-lock", case.parameters)
	label_lock.findings == case.findings with input as facts with data.ringfence.settings as settings
}

changes["a Binding brings a locked label"] := {
	"parameters": locked,
	"object": {"family": "workload", "kind": "Binding"},
	"labelled": [{"role": "bound-pod", "pointer": "/metadata/labels", "oldLabels": null, "labels": {"zone": "a", "app": "x"}}],
	"findings": {{
		"pointer": "/metadata/labels",
		"message": `"zone" can't be brought to a live Pod by a Binding`,
		"fix": "bind the Pod without labels; give the label to the Pod when it is created",
	}},
}

changes["a Binding brings another label"] := {
	"parameters": locked,
	"object": {"family": "workload", "kind": "Binding"},
	"labelled": [{"role": "bound-pod", "pointer": "/metadata/labels", "oldLabels": null, "labels": {"app": "x"}}],
	"findings": set(),
}
