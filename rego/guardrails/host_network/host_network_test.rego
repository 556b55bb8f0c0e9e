package ringfence.guardrails.host_network_test

import data.ringfence.guardrails.host_network

message := "the Pod shares the node's network, where network policies don't reach it"

cases["a Pod on its own network"] := {"pods": [{"pointer": "/spec", "hostNetwork": false}], "findings": set()}

cases["a Pod on the node's network"] := {
	"pods": [{"pointer": "/spec", "hostNetwork": true}],
	"findings": {{"pointer": "/spec/hostNetwork", "message": message}},
}

cases["the Pod template of a CronJob"] := {
	"pods": [{"pointer": "/spec/jobTemplate/spec/template/spec", "hostNetwork": true}],
	"findings": {{"pointer": "/spec/jobTemplate/spec/template/spec/hostNetwork", "message": message}},
}

cases["one of two Pods"] := {
	"pods": [{"pointer": "/a", "hostNetwork": false}, {"pointer": "/b", "hostNetwork": true}],
	"findings": {{"pointer": "/b/hostNetwork", "message": message}},
}

cases["a workload without a Pod"] := {"pods": [], "findings": set()}

test_findings[name] if {
	some name, case in cases
	host_network.findings == case.findings with input as {"pods": case.pods}
}

test_object_without_pods if host_network.findings == set() with input as {}
