# METADATA
# title: No Service that takes over an address
# description: |
#   spec.externalIPs makes every node send traffic for that address to the Service, whoever owns the address
#   (CVE-2020-8554). The field is deprecated since Kubernetes 1.36. An address in the status of a Service does the same;
#   only the controllers of load balancers write it.
# scope: package
# related_resources:
# - ref: https://github.com/kubernetes/kubernetes/issues/97076
#   description: CVE-2020-8554
# custom:
#   slug: external-ips
#   families: [service]
#   mode: enforce
#   severity: high
#   fix: remove externalIPs; use a LoadBalancer Service or a Gateway that the platform team owns
#   compliance: [
#     NIST-800-53-SC-7, NIST-800-53-SC-7(3), CIS-Kubernetes-1.2.3, PCI-DSS-1.4.3, SOC2-CC6.6,
#     ISO-27001-A.8.20
#   ]
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       allowed:
#         type: array
#         description: Addresses that a Service may take, written as in the Service.
#         maxItems: 200
#         items: {type: string, maxLength: 45}
#         default: []
#       controllers:
#         type: array
#         description: Users that write the addresses of load balancers; a trailing * matches a prefix.
#         maxItems: 200
#         items: {type: string, minLength: 1, maxLength: 317}
#         default:
#         - system:kube-controller-manager
#         - system:cloud-controller-manager
#         - system:k3s-controller
#         - system:serviceaccount:kube-system:*
#         - system:serviceaccount:metallb-system:*
package ringfence.guardrails.external_ips

import data.ringfence.lib.settings

# METADATA
# title: Findings
# description: Every address that the Service claims and the organisation has not allowed.
findings contains finding if {
	some index, address in input.service.externalIPs
	not address in settings.parameters("external-ips").allowed
	finding := {
		"pointer": concat("", ["/spec/externalIPs/", format_int(index, 10)]),
		"message": concat("", ["the Service takes over the address ", address, " on every node"]),
	}
}

# What a client sends to the main resource has no status: the API server keeps the stored one. A file may have one
# that was exported, and nobody reads it.
findings contains finding if {
	input.object.subresource == "status"
	some claimed in input.service.statusAddresses
	not claimed.address in settings.parameters("external-ips").allowed
	not _by_controller
	finding := {
		"pointer": claimed.pointer,
		"message": concat("", ["the Service's status takes over the address ", claimed.address, " on every node"]),
	}
}

_by_controller if {
	some pattern in settings.parameters("external-ips").controllers
	settings.named(pattern, input.user.name)
}
