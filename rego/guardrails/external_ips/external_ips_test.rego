package ringfence.guardrails.external_ips_test

import data.ringfence.guardrails.external_ips
import data.ringfence.lib.example_test as example

first := {
	"pointer": "/spec/externalIPs/0",
	"message": "the Service takes over the address 203.0.113.7 on every node",
}

second := {
	"pointer": "/spec/externalIPs/1",
	"message": "the Service takes over the address 2001:db8::7 on every node",
}

cases["no address"] := {"allowed": [], "addresses": [], "findings": set()}

cases["one address"] := {"allowed": [], "addresses": ["203.0.113.7"], "findings": {first}}

cases["two addresses"] := {"allowed": [], "addresses": ["203.0.113.7", "2001:db8::7"], "findings": {first, second}}

cases["an allowed address"] := {"allowed": ["203.0.113.7"], "addresses": ["203.0.113.7"], "findings": set()}

cases["one of two is allowed"] := {
	"allowed": ["203.0.113.7"],
	"addresses": ["203.0.113.7", "2001:db8::7"],
	"findings": {second},
}

cases["a neighbour of the allowed address"] := {
	"allowed": ["203.0.113.70", "203.0.113"],
	"addresses": ["203.0.113.7"],
	"findings": {first},
}

test_findings[name] if {
	some name, case in cases
	facts := {"service": {"externalIPs": case.addresses}}
	settings := example.settings("external-ips", {"allowed": case.allowed})
	external_ips.findings == case.findings with input as facts with data.ringfence.settings as settings
}

test_object_without_service if external_ips.findings == set() with input as {}

status_cases["by a user"] := {"user": "alice", "subresource": "status", "found": true}

status_cases["by a controller"] := {"user": "system:controller", "subresource": "status", "found": false}

status_cases["by a controller by prefix"] := {"user": "system:pool:a", "subresource": "status", "found": false}

status_cases["not through the status"] := {"user": "alice", "subresource": "", "found": false}

test_status[name] if {
	some name, case in status_cases
	facts := {
		"object": {"subresource": case.subresource},
		"user": {"name": case.user},
		"service": {"externalIPs": [], "statusAddresses": [
			{"pointer": "/a", "address": "203.0.113.7"},
			{"pointer": "/b", "address": "203.0.113.8"},
		]},
	}
	parameters := {"allowed": ["203.0.113.8"], "controllers": ["system:controller", "system:pool:*"]}
	settings := example.settings("external-ips", parameters)
	finding := {
		"pointer": "/a",
		"message": "the Service's status takes over the address 203.0.113.7 on every node",
	}
	expected := {finding | case.found}
	external_ips.findings == expected with input as facts with data.ringfence.settings as settings
}
