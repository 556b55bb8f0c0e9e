# METADATA
# title: No load balancer for everyone
# description: |
#   A LoadBalancer Service without source ranges, with ranges that add up to everyone, or with ranges that are inverted.
#   Load balancers that an annotation makes internal are left out; approved edges are exempt in the settings.
# scope: package
# custom:
#   slug: open-load-balancer
#   families: [service]
#   mode: enforce
#   severity: high
#   fix: list the clients in loadBalancerSourceRanges, or make the load balancer internal
#   compliance: [
#     NIST-800-53-SC-7, NIST-800-53-SC-7(3), NIST-800-53-AC-4, PCI-DSS-1.4.2, SOC2-CC6.6,
#     ISO-27001-A.8.20
#   ]
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       internal:
#         type: array
#         description: Annotations that make a load balancer internal; one of them with one of its values is enough.
#         maxItems: 50
#         items:
#           type: object
#           additionalProperties: false
#           required: [annotation, values]
#           properties:
#             annotation: {type: string, minLength: 1, maxLength: 317, description: The annotation's key.}
#             values:
#               type: array
#               description: Values that mean internal, compared without regard to case.
#               minItems: 1
#               items: {type: string, minLength: 1, maxLength: 63}
#         default:
#         - {annotation: service.beta.kubernetes.io/aws-load-balancer-scheme, values: [internal]}
#         - {annotation: service.beta.kubernetes.io/aws-load-balancer-internal, values: ["true", 0.0.0.0/0]}
#         - {annotation: service.beta.kubernetes.io/azure-load-balancer-internal, values: ["true"]}
#         - {annotation: networking.gke.io/load-balancer-type, values: [internal]}
#         - {annotation: cloud.google.com/load-balancer-type, values: [internal]}
#         - {annotation: service.beta.kubernetes.io/oci-load-balancer-internal, values: ["true"]}
#         - {annotation: service.beta.kubernetes.io/openstack-internal-load-balancer, values: ["true"]}
package ringfence.guardrails.open_load_balancer

import data.ringfence.lib.settings
import data.ringfence.lib.traffic

# METADATA
# title: Findings
# description: At most one, at the ranges.
findings contains finding if {
	clients := input.service.clients
	traffic.wide_peers(clients)
	not _internal(clients.annotations)
	finding := {
		"pointer": clients.pointer,
		"message": concat("", ["the load balancer lets ", _who[clients.reach], " connect"]),
	}
}

_who := {"anyone": "anyone", "external": "the whole internet"}

_internal(annotations) if {
	some entry in settings.parameters("open-load-balancer").internal
	some value in entry.values
	lower(annotations[entry.annotation]) == lower(value)
}
