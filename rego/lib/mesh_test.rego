package ringfence.lib.mesh_test

import data.ringfence.lib.example_test as example
import data.ringfence.lib.mesh

cases["a workload of the control plane"] := {"object": {"family": "workload", "namespace": "istio-system", "name": "x"}}

cases["the control plane's Namespace"] := {"object": {"family": "namespace", "namespace": "", "name": "istio-system"}}

others["a workload elsewhere"] := {"object": {"family": "workload", "namespace": "shop", "name": "istio-system"}}

others["another Namespace"] := {"object": {"family": "namespace", "namespace": "", "name": "shop"}}

others["a policy of the control plane's namespace"] := {"object": {
	"family": "network",
	"namespace": "istio-system",
	"name": "x",
}}

parameters := {"systemNamespaces": ["istio-system"]}

test_own_agents[name] if {
	some name, facts in cases
	settings := example.settings("mesh-bypass", parameters)
	mesh.own_agent("mesh-bypass") with input as facts with data.ringfence.settings as settings
}

test_others[name] if {
	some name, facts in others
	settings := example.settings("mesh-bypass", parameters)
	not mesh.own_agent("mesh-bypass") with input as facts with data.ringfence.settings as settings
}

test_no_setting_has_two_guardrails if mesh.mtls & mesh.weakening == set()
