# METADATA
# title: Labels that say who owns it and where it lives
# description: |
#   Workloads, their Pod templates, namespaces and policies carry the labels that the organisation names, with allowed
#   values or patterns. Pods that a controller made are judged at the controller's template and by themselves.
# scope: package
# custom:
#   slug: required-labels
#   families: [network, workload, namespace]
#   mode: enforce
#   severity: medium
#   fix: add the label; the allowed values are in the organisation's guardrails.yaml
#   compliance: [NIST-800-53-CM-8, NIST-800-53-AC-16, PCI-DSS-1.2.4, SOC2-CC6.1, ISO-27001-A.5.9]
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       labels:
#         type: array
#         description: The labels, and on what they are required.
#         maxItems: 50
#         items:
#           type: object
#           additionalProperties: false
#           required: [key, "on"]
#           properties:
#             key: {type: string, minLength: 1, maxLength: 317, description: The label's key.}
#             "on":
#               type: array
#               description: Which objects carry it; workloads include their Pod templates.
#               minItems: 1
#               items: {enum: [workloads, namespaces, policies]}
#             values: {type: array, minItems: 1, items: {type: string}, description: Allowed values.}
#             pattern: {type: string, maxLength: 200, description: RE2 pattern that the whole value must match.}
#         default:
#         - {key: owner, "on": [workloads, namespaces, policies]}
#         - {key: security-domain, "on": [workloads, namespaces]}
package ringfence.guardrails.required_labels

import data.ringfence.lib.settings

# METADATA
# title: Findings
# description: Every required label that is missing or has a value that the organisation doesn't allow.
findings contains finding if {
	some label in settings.parameters("required-labels").labels
	_target[input.object.family] in label.on
	some labelled in input.labelled
	not _bound(labelled)
	message := _problem(label, labelled.labels)
	finding := {"pointer": labelled.pointer, "message": message}
}

# What a Binding brings to a Pod is no object of its own.
_bound(labelled) if labelled.role == "bound-pod"

_target := {"network": "policies", "workload": "workloads", "namespace": "namespaces"}

_problem(label, labels) := concat("", [`"`, label.key, `" is missing`]) if not labels[label.key]

else := concat("", [`"`, label.key, `" must be one of: `, concat(", ", label.values)]) if {
	label.values
	not labels[label.key] in label.values
}

# A pattern that is none matches nothing.
else := concat("", [`"`, label.key, `" must match `, label.pattern]) if {
	label.pattern
	not regex.match(concat("", ["^(?:", label.pattern, ")$"]), labels[label.key])
}

# Where neither values nor a pattern say what is allowed, an empty value says nothing.
else := concat("", [`"`, label.key, `" is empty`]) if {
	labels[label.key] == ""
	not label.values
	not label.pattern
}
