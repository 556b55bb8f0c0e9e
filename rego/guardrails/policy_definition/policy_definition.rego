# METADATA
# title: No policy API that changes under the policies
# description: |
#   A CustomResourceDefinition of a policy API that adds a kind, name or version that Ringfence can't read, loses or stops
#   checking fields, writes other defaults into stored objects, or converts them by a webhook. New releases of Ringfence
#   read new releases of the APIs: update Ringfence first, or exempt who installs the API.
# scope: package
# related_resources:
# - ref: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/
#   description: Versions of custom resources
# custom:
#   slug: policy-definition
#   families: [definition]
#   mode: enforce
#   severity: high
#   fix: update Ringfence before the API, or let the platform team install it
#   compliance: [NIST-800-53-CM-3, NIST-800-53-CM-5, NIST-800-53-SC-7(5), PCI-DSS-1.2.2, SOC2-CC8.1, ISO-27001-A.8.32]
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       tolerate:
#         type: array
#         description: |
#           What is let through, by API group and aspect. New defaults and conversions are part of the ordinary life of
#           some APIs.
#         maxItems: 100
#         items:
#           type: object
#           additionalProperties: false
#           required: [group, aspects]
#           properties:
#             group: {type: string, minLength: 1, maxLength: 253, description: The API group.}
#             aspects:
#               type: array
#               description: What is let through.
#               minItems: 1
#               items: {enum: [kind, name, version, schema, default, conversion]}
#         default: []
package ringfence.guardrails.policy_definition

import data.ringfence.lib.settings

# METADATA
# title: Findings
# description: Every change by which objects of the API would be unseen, or mean something else.
findings contains finding if {
	some door in input.definition.doors
	not _tolerated(door.aspect)
	finding := {
		"pointer": door.pointer,
		"message": concat("", ["the definition ", door.words]),
	}
}

_tolerated(aspect) if {
	some entry in settings.parameters("policy-definition").tolerate
	entry.group == input.definition.group
	aspect in entry.aspects
}
