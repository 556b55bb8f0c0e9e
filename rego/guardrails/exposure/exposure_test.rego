package ringfence.guardrails.exposure_test

import data.ringfence.guardrails.exposure

facts["listener for all namespaces"] := {"openings": [{"pointer": "/p", "hosts": "some", "users": {"reach": "all-namespaces"}}]}

facts["listener for all namespaces and hosts"] := {"openings": [{
	"pointer": "/p",
	"hosts": "all",
	"users": {"reach": "all-namespaces"},
}]}

facts["listener for its own namespace"] := {"openings": [{"pointer": "/p", "hosts": "all", "users": {"reach": "own-namespace"}}]}

facts["route for all hosts"] := {"openings": [{"pointer": "/p", "hosts": "all"}]}

facts["route for a host"] := {"openings": [{"pointer": "/p", "hosts": "some"}]}

facts["reference"] := {"crossings": [{"pointer": "/p", "role": "uses", "target": "X", "everything": false}]}

facts["grant of one object"] := {"crossings": [{"pointer": "/p", "role": "grants", "target": "X", "everything": false}]}

facts["grant of everything"] := {"crossings": [{"pointer": "/p", "role": "grants", "target": "X", "everything": true}]}

facts["node port"] := {"service": {"type": "NodePort", "claims": []}}

facts["claim"] := {"service": {"type": "LoadBalancer", "claims": [{"pointer": "/p", "words": "asks for X"}]}}

facts["cluster IP"] := {"service": {"type": "ClusterIP", "claims": []}}

facts["nothing"] := {}

expected["listener for all namespaces"] := {["/p", "routes of every namespace may use this listener"]}

expected["listener for all namespaces and hosts"] := {[
	"/p",
	"routes of every namespace may use this listener, for every host name",
]}

expected["route for all hosts"] := {["/p", "takes the traffic of every host name that arrives here"]}

expected["reference"] := {["/p", "reaches into another namespace: X"]}

expected["grant of everything"] := {["/p", "opens this namespace: X"]}

expected["node port"] := {["/spec/type", "opens a port on every node, past Ingress and source ranges"]}

expected["claim"] := {["/p", "the Service asks for X"]}

test_findings[name] if {
	some name, document in facts
	found := {[finding.pointer, finding.message] | some finding in exposure.findings} with input as document
	found == object.get(expected, name, set())
}
