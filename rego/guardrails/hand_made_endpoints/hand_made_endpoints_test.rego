package ringfence.guardrails.hand_made_endpoints_test

import data.ringfence.guardrails.hand_made_endpoints
import data.ringfence.lib.example_test as example

parameters := {"controllers": ["system:controller", "system:nodes:*"], "managers": ["endpoint-controller"]}

by_hand := {"service": "web", "pointer": "/endpoints", "addresses": ["192.0.2.1"], "managedBy": ""}

cases["by hand"] := {"user": "alice", "changes": {}, "to": "192.0.2.1"}

cases["a label that lies"] := {"user": "alice", "changes": {"managedBy": "endpoint-controller"}, "to": "192.0.2.1"}

cases["a controller"] := {"user": "system:controller", "changes": {}}

cases["a controller by prefix"] := {"user": "system:nodes:a", "changes": {}}

cases["a name like a controller's"] := {"user": "system:controller2", "changes": {}, "to": "192.0.2.1"}

cases["a file by hand"] := {"user": "", "changes": {}, "to": "192.0.2.1"}

cases["the audit of a controller's"] := {"user": "", "changes": {"managedBy": "endpoint-controller"}}

cases["the audit of somebody's"] := {"user": "", "changes": {"managedBy": "somebody"}, "to": "192.0.2.1"}

cases["no Service"] := {"user": "alice", "changes": {"service": ""}}

cases["no address"] := {"user": "alice", "changes": {"addresses": []}}

cases["three addresses"] := {"user": "alice", "changes": {"addresses": ["a", "b", "c"]}, "to": "a, b, c"}

cases["four addresses"] := {"user": "alice", "changes": {"addresses": ["a", "b", "c", "d"]}, "to": "a, b, c and others"}

expected(case) := {{
	"pointer": "/endpoints",
	"message": concat("", ["sends the traffic of the Service web to ", case.to]),
}}

expected(case) := set() if not case.to

test_findings[name] if {
	some name, case in cases
	facts := {"user": {"name": case.user}, "endpoints": object.union(by_hand, case.changes)}
	settings := example.settings("hand-made-endpoints", parameters)
	hand_made_endpoints.findings == expected(case) with input as facts with data.ringfence.settings as settings
}

test_other_objects if hand_made_endpoints.findings == set() with input as {"user": {"name": "alice"}}
