# METADATA
# title: The organisation's settings
# description: The host merges the defaults of each guardrail's METADATA before it hands the settings to the bundle.
package ringfence.lib.settings

# METADATA
# title: The parameters of one guardrail
# description: As its METADATA describes them. What the organisation leaves out has the default.
parameters(slug) := data.ringfence.settings.guardrails[slug].parameters

# METADATA
# title: Whether a guardrail doesn't apply to the object of this input
# description: Asked only once a finding is certain. Names are compared as they are; a trailing * matches a prefix.
# scope: document
exempt(_) if _exempt_by(data.ringfence.settings.exempt)

exempt(slug) if _exempt_by(data.ringfence.settings.guardrails[slug].exempt)

_exempt_by(rules) if {
	some pattern in rules.namespaces
	named(pattern, input.object.namespace)
}

# A Namespace is exempt by its own name.
_exempt_by(rules) if {
	input.object.family == "namespace"
	some pattern in rules.namespaces
	named(pattern, input.object.name)
}

_exempt_by(rules) if {
	some pattern in rules.users
	named(pattern, input.user.name)
}

_exempt_by(rules) if {
	some group in rules.groups
	group in input.user.groups
}

_exempt_by(rules) if {
	some key, value in rules.namespaceLabels
	input.namespaceLabels[key] == value
}

_exempt_by(rules) if {
	some key, value in rules.labels
	some labelled in input.labelled
	labelled.role == "object"
	labelled.labels[key] == value
}

# METADATA
# title: Whether a pattern means a name
# description: Equal, or a trailing * and the same beginning. An empty name is nobody's.
# scope: document
named(pattern, name) if {
	pattern == name
	name != ""
}

named(pattern, name) if {
	endswith(pattern, "*")
	startswith(name, trim_suffix(pattern, "*"))
	name != ""
}
