# METADATA
# title: Security labels stay as they are
# description: |
#   Policies select by label, so who changes a label changes what is allowed. A locked label can't be changed or removed
#   on a live object, nor added to a live Pod, not by a Binding either; and a workload's security domain can't contradict its namespace's.
# scope: package
# custom:
#   slug: label-lock
#   families: [workload, namespace]
#   mode: enforce
#   severity: high
#   fix: create the object anew with the right labels, or ask the platform team to change them
#   compliance: [
#     NIST-800-53-AC-16, NIST-800-53-AC-3(13), NIST-800-53-AC-4, NIST-800-207, PCI-DSS-1.2.2, SOC2-CC6.1,
#     ISO-27001-A.5.13
#   ]
#   needs: [namespaceLabels]
#   excusable: false
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       keys:
#         type: array
#         description: Labels that can't change on a live object.
#         maxItems: 50
#         items: {type: string, minLength: 1, maxLength: 317}
#         default: [security-domain]
#       domainKeys:
#         type: array
#         description: Labels whose value on a workload must be the one of its namespace, where the namespace has it.
#         maxItems: 50
#         items: {type: string, minLength: 1, maxLength: 317}
#         default: [security-domain]
package ringfence.guardrails.label_lock

import data.ringfence.lib.settings

# METADATA
# title: Findings
# description: Every locked label that an update changes, and every label that contradicts the namespace's.
# scope: document
findings contains finding if {
	some labelled in input.labelled
	is_object(labelled.oldLabels)
	some key in settings.parameters("label-lock").keys
	message := _change(key, labelled.oldLabels, labelled.labels)
	finding := {"pointer": labelled.pointer, "message": message}
}

findings contains finding if {
	input.object.family == "workload"
	some key in settings.parameters("label-lock").domainKeys
	domain := input.namespaceLabels[key]
	some labelled in input.labelled
	labelled.labels[key] != domain
	finding := {
		"pointer": labelled.pointer,
		"message": concat("", [`"`, key, `" contradicts the namespace, which has "`, domain, `"`]),
		"fix": concat("", [`set "`, key, `" to "`, domain, `", or deploy to a namespace of the other domain`]),
	}
}

# A Binding brings its labels to a Pod that exists already.
findings contains finding if {
	some labelled in input.labelled
	labelled.role == "bound-pod"
	some key in settings.parameters("label-lock").keys
	labelled.labels[key]
	finding := {
		"pointer": labelled.pointer,
		"message": concat("", [`"`, key, `" can't be brought to a live Pod by a Binding`]),
		"fix": "bind the Pod without labels; give the label to the Pod when it is created",
	}
}

_change(key, old, new) := concat("", [`"`, key, `" can't be removed from a live object`]) if {
	old[key]
	not new[key]
}

_change(key, old, new) := concat("", [`"`, key, `" can't be changed on a live object`]) if old[key] != new[key]

# A Pod that gains the label starts to match other policies while it runs. Everywhere else, adding the label where it
# was missing is how an organisation starts.
_change(key, old, new) := concat("", [`"`, key, `" can't be added to a live object`]) if {
	new[key]
	not old[key]
	input.object.kind == "Pod"
}
