package ringfence.guardrails.default_deny_protected_test

import data.ringfence.guardrails.default_deny_protected

settings := {
	"defaultDeny": {"managers": ["system:serviceaccount:ringfence:ringfence-controller"]},
	"exempt": {"namespaceLabels": {"ringfence": "off"}},
	"guardrails": {
		"any-any": {"exempt": {"namespaceLabels": {"mesh": "yes"}}},
		"any-peer": {"exempt": {}},
	},
}

untouched := {"changes": [], "terminating": false, "namespaceTerminating": null}

policy(operation, managed) := {
	"place": "admission",
	"operation": operation,
	"user": {"name": "root", "groups": ["system:masters"]},
	"object": {"family": "network", "kind": "NetworkPolicy", "namespace": "shop", "name": "ringfence-default-deny"},
	"labelled": [{"role": "object", "pointer": "/metadata/labels", "labels": {}, "oldLabels": {}}],
	"managed": object.union(untouched, managed),
}

by(name) := {"user": {"name": name, "groups": []}}

controller := by("system:serviceaccount:ringfence:ringfence-controller")

emptier := by("system:serviceaccount:kube-system:namespace-controller")

cases["somebody else's policy"] := {
	"facts": object.remove(policy("UPDATE", {}), ["managed"]), "pointers": set(),
}

cases["somebody else's policy is deleted"] := {
	"facts": object.remove(policy("DELETE", {}), ["managed"]), "pointers": set(),
}

cases["created by root"] := {"facts": policy("CREATE", {}), "pointers": {"/metadata/name"}}

cases["created by the controller"] := {"facts": object.union(policy("CREATE", {}), controller), "pointers": set()}

cases["created by somebody whose name begins like the controller's"] := {
	"facts": object.union(policy("CREATE", {}), by("system:serviceaccount:ringfence:ringfence-controller-2")),
	"pointers": {"/metadata/name"},
}

cases["a file of the gate"] := {"facts": object.union(policy("CREATE", {}), {"place": "gate"}), "pointers": set()}

cases["an update that changes nothing"] := {"facts": policy("UPDATE", {}), "pointers": set()}

cases["rules and labels changed"] := {
	"facts": policy("UPDATE", {"changes": ["/metadata/labels", "/spec"]}),
	"pointers": {"/metadata/labels", "/spec"},
}

cases["changed by the controller"] := {
	"facts": object.union(policy("UPDATE", {"changes": ["/spec"]}), controller), "pointers": set(),
}

cases["changed by the one who empties namespaces"] := {
	"facts": object.union(policy("UPDATE", {"changes": ["/spec"]}), emptier), "pointers": {"/spec"},
}

cases["a finalizer"] := {
	"facts": policy("UPDATE", {"changes": ["/metadata/finalizers"]}), "pointers": {"/metadata/finalizers"},
}

cases["the last finalizer of an object that is being deleted"] := {
	"facts": policy("UPDATE", {"changes": ["/metadata/finalizers"], "terminating": true}), "pointers": set(),
}

cases["the rules of an object that is being deleted"] := {
	"facts": policy("UPDATE", {"changes": ["/spec"], "terminating": true}), "pointers": {"/spec"},
}

cases["deleted"] := {"facts": policy("DELETE", {"namespaceTerminating": false}), "pointers": {""}}

cases["deleted where no cluster can be asked"] := {"facts": policy("DELETE", {}), "pointers": {""}}

cases["deleted by the controller"] := {"facts": object.union(policy("DELETE", {}), controller), "pointers": set()}

cases["deleted with its namespace"] := {"facts": policy("DELETE", {"namespaceTerminating": true}), "pointers": set()}

cases["deleted by the one who empties namespaces, and the namespace stays"] := {
	"facts": object.union(policy("DELETE", {"namespaceTerminating": false}), emptier), "pointers": {""},
}

cases["deleted by the one who empties namespaces, where no cluster can be asked"] := {
	"facts": object.union(policy("DELETE", {}), emptier), "pointers": set(),
}

namespace(operation, old, new) := {
	"place": "admission",
	"operation": operation,
	"user": {"name": "root", "groups": ["system:masters"]},
	"object": {"family": "namespace", "kind": "Namespace", "namespace": "", "name": "shop"},
	"labelled": [{"role": "object", "pointer": "/metadata/labels", "labels": new, "oldLabels": old}],
}

cases["a namespace like others"] := {"facts": namespace("UPDATE", {}, {"team": "shop"}), "pointers": set()}

cases["a namespace gains an exempt label"] := {
	"facts": namespace("UPDATE", {}, {"ringfence": "off"}), "pointers": {"/metadata/labels"},
}

cases["a namespace changes to the exempt value"] := {
	"facts": namespace("UPDATE", {"ringfence": "on"}, {"ringfence": "off"}), "pointers": {"/metadata/labels"},
}

cases["a namespace gains a label that one guardrail exempts"] := {
	"facts": namespace("UPDATE", {}, {"mesh": "yes"}), "pointers": {"/metadata/labels"},
}

cases["a namespace has the exempt label already"] := {
	"facts": namespace("UPDATE", {"ringfence": "off"}, {"ringfence": "off", "team": "shop"}), "pointers": set(),
}

cases["a namespace loses the exempt label"] := {
	"facts": namespace("UPDATE", {"ringfence": "off"}, {}), "pointers": set(),
}

cases["a namespace with another value"] := {
	"facts": namespace("UPDATE", {}, {"ringfence": "on"}), "pointers": set(),
}

cases["a new namespace with the exempt label"] := {
	"facts": namespace("CREATE", null, {"ringfence": "off"}), "pointers": {"/metadata/labels"},
}

# What tolerance of unchanged findings asks: the stored object alone must excuse nothing.
cases["the stored namespace alone"] := {
	"facts": namespace("UPDATE", null, {"ringfence": "off"}), "pointers": set(),
}

cases["a namespace gains the exempt label from the controller"] := {
	"facts": object.union(namespace("UPDATE", {}, {"ringfence": "off"}), controller), "pointers": set(),
}

cases["a policy with the label of an exempt namespace"] := {
	"facts": object.union(
		object.remove(policy("CREATE", {}), ["managed"]),
		{"labelled": [{"role": "object", "labels": {"ringfence": "off"}, "oldLabels": null}]},
	),
	"pointers": set(),
}

test_pointers[name] if {
	some name, case in cases
	found := default_deny_protected.findings with input as case.facts with data.ringfence.settings as settings
	{finding.pointer | some finding in found} == case.pointers
}

test_message_names_the_label if {
	facts := namespace("UPDATE", {}, {"ringfence": "off"})
	found := default_deny_protected.findings with input as facts with data.ringfence.settings as settings
	some finding in found
	finding.message == `"ringfence" = "off" takes the namespace out of governance`
}
