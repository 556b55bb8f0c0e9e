package ringfence.guardrails.host_port_test

import data.ringfence.guardrails.host_port
import data.ringfence.lib.example_test as example

https := {
	"pointer": "/spec/containers/0/ports/0/hostPort",
	"container": "web",
	"port": 8443,
	"protocol": "TCP",
}

dns := {
	"pointer": "/spec/initContainers/0/ports/0/hostPort",
	"container": "dns",
	"port": 53,
	"protocol": "UDP",
}

https_finding := {"pointer": https.pointer, "message": "container web opens TCP 8443 on every node it runs on"}

dns_finding := {"pointer": dns.pointer, "message": "container dns opens UDP 53 on every node it runs on"}

cases["no host port"] := {"allowed": [], "pods": [{"hostNetwork": false, "hostPorts": []}], "findings": set()}

cases["one host port"] := {
	"allowed": [],
	"pods": [{"hostNetwork": false, "hostPorts": [https]}],
	"findings": {https_finding},
}

cases["two host ports"] := {
	"allowed": [],
	"pods": [{"hostNetwork": false, "hostPorts": [https, dns]}],
	"findings": {https_finding, dns_finding},
}

cases["one of two is allowed"] := {
	"allowed": [53],
	"pods": [{"hostNetwork": false, "hostPorts": [https, dns]}],
	"findings": {https_finding},
}

cases["both are allowed"] := {
	"allowed": [53, 8443],
	"pods": [{"hostNetwork": false, "hostPorts": [https, dns]}],
	"findings": set(),
}

cases["a neighbour of the allowed port"] := {
	"allowed": [8442, 8444],
	"pods": [{"hostNetwork": false, "hostPorts": [https]}],
	"findings": {https_finding},
}

cases["a Pod on the node's network is left to host-network"] := {
	"allowed": [],
	"pods": [{"hostNetwork": true, "hostPorts": [https]}],
	"findings": set(),
}

test_findings[name] if {
	some name, case in cases
	settings := example.settings("host-port", {"allowed": case.allowed})
	host_port.findings == case.findings with input as {"pods": case.pods} with data.ringfence.settings as settings
}

test_object_without_pods if host_port.findings == set() with input as {}
