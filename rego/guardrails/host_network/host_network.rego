# METADATA
# title: No Pod on the node's network
# description: A Pod with hostNetwork has the node's address; network policies of Pods don't apply to it.
# scope: package
# custom:
#   slug: host-network
#   families: [workload]
#   mode: enforce
#   severity: high
#   fix: remove hostNetwork; publish the port with a Service
#   compliance: [
#     NIST-800-53-SC-7(21), NIST-800-53-SC-39, CIS-Kubernetes-5.2.5, PCI-DSS-2.2.3, SOC2-CC6.8,
#     ISO-27001-A.8.22
#   ]
package ringfence.guardrails.host_network

# METADATA
# title: Findings
# description: Every Pod or Pod template on the network of its node.
findings contains finding if {
	some pod in input.pods
	pod.hostNetwork
	finding := {
		"pointer": concat("", [pod.pointer, "/hostNetwork"]),
		"message": "the Pod shares the node's network, where network policies don't reach it",
	}
}
