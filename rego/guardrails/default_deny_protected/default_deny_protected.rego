# METADATA
# title: The managed default deny stays as it is
# description: |
#   Ringfence keeps a default deny in every namespace. Nobody but its controller creates, changes or deletes these
#   objects, whatever the rights in the cluster: not their rules, labels, owners or finalizers. They go with their
#   namespace. And no namespace is taken out of governance by a label that the settings exempt.
# scope: package
# custom:
#   slug: default-deny-protected
#   families: [network, namespace]
#   operations: [CREATE, UPDATE, DELETE]
#   mode: enforce
#   severity: critical
#   fix: leave the object alone and write a policy that allows what you need beside it
#   compliance: [
#     NIST-800-53-SC-7(5), NIST-800-53-CM-5, NIST-800-53-AC-4, NIST-800-207, PCI-DSS-1.2.1, PCI-DSS-1.4.2, SOC2-CC6.6,
#     SOC2-CC8.1, ISO-27001-A.8.22, CIS-K8S-5.3.2
#   ]
#   excusable: false
package ringfence.guardrails.default_deny_protected

# METADATA
# title: Findings
# description: |
#   One for each part that somebody else changes. Who sends an object is known at admission alone, so files and stored
#   objects are never findings.
# scope: document
findings contains finding if {
	input.place == "admission"
	not _manager
	some finding in _violations
}

# By the exact name: a pattern here would be a way in.
_manager if {
	some name in data.ringfence.settings.defaultDeny.managers
	name == input.user.name
}

_violations contains finding if {
	input.managed
	input.operation == "CREATE"
	finding := {
		"pointer": "/metadata/name",
		"message": "this name and this label are the managed default deny's, which only Ringfence's controller creates",
		"fix": "choose another name, and no label ringfence.dev/default-deny",
	}
}

_violations contains finding if {
	input.operation == "UPDATE"
	some pointer in input.managed.changes
	not _last_finalizers(pointer)
	finding := {
		"pointer": pointer,
		"message": "only Ringfence's controller may change a managed default deny",
	}
}

_violations contains finding if {
	input.managed
	input.operation == "DELETE"
	not _goes_with_its_namespace
	finding := {
		"pointer": "",
		"message": "a managed default deny can't be deleted; it goes with its namespace",
	}
}

_violations contains finding if {
	input.object.family == "namespace"
	some key, value in _exempting_labels[_]
	_gains(key, value)
	finding := {
		"pointer": "/metadata/labels",
		"message": concat("", [`"`, key, `" = "`, value, `" takes the namespace out of governance`]),
		"fix": "remove the label; who may set it is a setting: guardrails.default-deny-protected.exempt, users or groups",
	}
}

# A deletion that was allowed must be able to end. Finalizers can't be added to an object that is being deleted.
_last_finalizers("/metadata/finalizers") if input.managed.terminating

_goes_with_its_namespace if input.managed.namespaceTerminating == true

# Without a cluster to ask, the one who empties namespaces is the only one believed.
_goes_with_its_namespace if {
	input.managed.namespaceTerminating == null
	input.user.name == "system:serviceaccount:kube-system:namespace-controller"
}

_exempting_labels contains labels if labels := data.ringfence.settings.exempt.namespaceLabels

_exempting_labels contains labels if {
	some slug
	labels := data.ringfence.settings.guardrails[slug].exempt.namespaceLabels
}

_gains(key, value) if {
	input.labelled[0].labels[key] == value
	input.operation == "CREATE"
}

_gains(key, value) if {
	input.labelled[0].labels[key] == value
	is_object(input.labelled[0].oldLabels)
	not input.labelled[0].oldLabels[key] == value
}
