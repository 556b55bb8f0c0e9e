# METADATA
# title: No port on the node
# description: |
#   A hostPort opens a port of the node outside every Service, Ingress and, with many network plugins, network policy.
#   Pods on the node's network are left to host-network.
# scope: package
# custom:
#   slug: host-port
#   families: [workload]
#   mode: enforce
#   severity: high
#   fix: remove hostPort; publish the port with a Service
#   compliance: [
#     NIST-800-53-SC-7, NIST-800-53-CM-7, CIS-Kubernetes-5.2.13, PCI-DSS-2.2.4, SOC2-CC6.6,
#     ISO-27001-A.8.22
#   ]
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       allowed:
#         type: array
#         description: Host ports that any workload may use.
#         maxItems: 100
#         items: {type: integer, minimum: 1, maximum: 65535}
#         default: []
package ringfence.guardrails.host_port

import data.ringfence.lib.settings

# METADATA
# title: Findings
# description: Every port of a container, of any container list, that is opened on the node.
findings contains finding if {
	some pod in input.pods
	not pod.hostNetwork
	some host_port in pod.hostPorts
	not host_port.port in settings.parameters("host-port").allowed
	finding := {
		"pointer": host_port.pointer,
		"message": concat("", [
			"container ", host_port.container,
			" opens ", host_port.protocol, " ", format_int(host_port.port, 10), " on every node it runs on",
		]),
	}
}
