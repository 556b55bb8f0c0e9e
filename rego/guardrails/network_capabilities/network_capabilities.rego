# METADATA
# title: No capability that reaches around the network policy
# description: |
#   Privileged containers and capabilities with which a process rewrites routes and packet filters, forges packets or
#   enters other network namespaces. Every container list counts, ephemeral containers too.
# scope: package
# custom:
#   slug: network-capabilities
#   families: [workload]
#   mode: enforce
#   severity: high
#   fix: drop the capability; debugging on the network belongs to the platform team's own namespace
#   compliance: [
#     NIST-800-53-SC-7(21), NIST-800-53-AC-6, CIS-Kubernetes-5.2.2, CIS-Kubernetes-5.2.8,
#     CIS-Kubernetes-5.2.9, PCI-DSS-2.2.4, SOC2-CC6.8, ISO-27001-A.8.2
#   ]
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       capabilities:
#         type: array
#         description: Capabilities that are refused, without CAP_. ALL is always refused.
#         maxItems: 60
#         items: {type: string, pattern: "^[A-Z_]+$"}
#         default: [NET_ADMIN, NET_RAW, SYS_ADMIN, SYS_PTRACE, SYS_MODULE, DAC_READ_SEARCH, BPF, PERFMON]
#       privileged:
#         type: boolean
#         description: Whether privileged containers are allowed.
#         default: false
package ringfence.guardrails.network_capabilities

import data.ringfence.lib.settings

# METADATA
# title: Findings
# description: Every refused capability of a container, and every privileged container.
# scope: document
findings contains finding if {
	some pod in input.pods
	some container in pod.capabilities
	some capability in container.added
	capability in array.concat(settings.parameters("network-capabilities").capabilities, ["ALL"])
	finding := {
		"pointer": container.pointer,
		"message": concat("", ["container ", container.container, " gains the capability ", capability]),
	}
}

findings contains finding if {
	some pod in input.pods
	some container in pod.capabilities
	container.privileged
	not settings.parameters("network-capabilities").privileged
	finding := {
		"pointer": container.pointer,
		"message": concat("", ["container ", container.container, " is privileged, which includes every capability"]),
	}
}
