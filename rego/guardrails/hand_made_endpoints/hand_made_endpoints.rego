# METADATA
# title: No endpoints by hand
# description: |
#   Endpoints and EndpointSlices that no controller wrote send the traffic of a Service to any address: another tenant's
#   Pods, the nodes, the metadata service, past network policy and source ranges (CVE-2021-25740, unfixed by design).
# scope: package
# related_resources:
# - ref: https://github.com/kubernetes/kubernetes/issues/103675
#   description: CVE-2021-25740
# custom:
#   slug: hand-made-endpoints
#   families: [service]
#   mode: enforce
#   severity: high
#   fix: give the Service a selector; for what is outside of the cluster ask the platform team
#   compliance: [
#     NIST-800-53-SC-7, NIST-800-53-AC-4, PCI-DSS-1.4.3, SOC2-CC6.6, ISO-27001-A.8.22
#   ]
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       controllers:
#         type: array
#         description: Users that write endpoints as their job; a trailing * matches a prefix.
#         maxItems: 200
#         items: {type: string, minLength: 1, maxLength: 317}
#         default:
#         - system:apiserver
#         - system:kube-controller-manager
#         - system:serviceaccount:kube-system:*
#       managers:
#         type: array
#         description: |
#           Who may have made endpoints that are judged without their writer, in files and in the audit: values of the
#           label endpointslice.kubernetes.io/managed-by. Admission never trusts the label.
#         maxItems: 200
#         items: {type: string, minLength: 1, maxLength: 63}
#         default:
#         - endpointslice-controller.k8s.io
#         - endpointslicemirroring-controller.k8s.io
#         - endpoint-controller
package ringfence.guardrails.hand_made_endpoints

import data.ringfence.lib.settings

# METADATA
# title: Findings
# description: At most one, with the first addresses.
findings contains finding if {
	endpoints := input.endpoints
	endpoints.service != ""
	count(endpoints.addresses) > 0
	not _by_controller
	finding := {
		"pointer": endpoints.pointer,
		"message": concat("", [
			"sends the traffic of the Service ", endpoints.service, " to ",
			concat(", ", array.slice(endpoints.addresses, 0, 3)), _more(count(endpoints.addresses)),
		]),
	}
}

_by_controller if {
	some pattern in settings.parameters("hand-made-endpoints").controllers
	settings.named(pattern, input.user.name)
}

_by_controller if {
	input.user.name == ""
	input.endpoints.managedBy in settings.parameters("hand-made-endpoints").managers
}

_more(addresses) := "" if addresses <= 3

_more(addresses) := " and others" if addresses > 3
