package ringfence.guardrails.network_capabilities_test

import data.ringfence.guardrails.network_capabilities
import data.ringfence.lib.example_test as example

refused := {"capabilities": ["NET_ADMIN", "NET_RAW"], "privileged": false}

# A container's facts, and what a finding says of it.
container(added, privileged) := {
	"pointer": "/spec/containers/0/securityContext",
	"container": "web",
	"added": added,
	"privileged": privileged,
}

finding(message) := {"pointer": "/spec/containers/0/securityContext", "message": message}

admin := finding("container web gains the capability NET_ADMIN")

raw := finding("container web gains the capability NET_RAW")

all := finding("container web gains the capability ALL")

privileged := finding("container web is privileged, which includes every capability")

cases["no container gains anything"] := {"parameters": refused, "containers": [], "findings": set()}

cases["a capability that is not refused"] := {
	"parameters": refused,
	"containers": [container(["NET_BIND_SERVICE"], false)],
	"findings": set(),
}

cases["one refused capability"] := {
	"parameters": refused,
	"containers": [container(["NET_BIND_SERVICE", "NET_ADMIN"], false)],
	"findings": {admin},
}

cases["two refused capabilities"] := {
	"parameters": refused,
	"containers": [container(["NET_RAW", "NET_ADMIN"], false)],
	"findings": {admin, raw},
}

cases["ALL"] := {"parameters": refused, "containers": [container(["ALL"], false)], "findings": {all}}

cases["ALL is refused even where nothing else is"] := {
	"parameters": {"capabilities": [], "privileged": true},
	"containers": [container(["ALL", "NET_ADMIN"], false)],
	"findings": {all},
}

cases["privileged"] := {"parameters": refused, "containers": [container([], true)], "findings": {privileged}}

cases["privileged, and the organisation allows it"] := {
	"parameters": {"capabilities": ["NET_ADMIN"], "privileged": true},
	"containers": [container([], true)],
	"findings": set(),
}

cases["privileged with a refused capability"] := {
	"parameters": refused,
	"containers": [container(["NET_ADMIN"], true)],
	"findings": {admin, privileged},
}

cases["the second of two containers"] := {
	"parameters": refused,
	"containers": [
		{"pointer": "/a", "container": "first", "added": ["CHOWN"], "privileged": false},
		{"pointer": "/b", "container": "second", "added": ["NET_RAW"], "privileged": false},
	],
	"findings": {{"pointer": "/b", "message": "container second gains the capability NET_RAW"}},
}

test_findings[name] if {
	some name, case in cases
	pods := [{"capabilities": case.containers}]
	settings := example.settings("network-capabilities", case.parameters)
	network_capabilities.findings == case.findings with input as {"pods": pods} with data.ringfence.settings as settings
}

test_object_without_pods if network_capabilities.findings == set() with input as {}
