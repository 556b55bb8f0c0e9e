# METADATA
# title: Only the flows between security domains that the organisation lists
# description: |
#   Domains come from a label of Namespaces, and the organisation writes a matrix of the flows between them. A rule is
#   judged by whom its peers can be, not by whom they happen to be: a Pod with app=web may be in any domain, a selector
#   with NotIn reaches every domain but those, and what can't be told may be anything. Tenants, where a label says them,
#   don't talk to each other. Without a matrix and without a label of tenants the guardrail has nothing to say.
# scope: package
# custom:
#   slug: domain-flow
#   families: [network]
#   mode: enforce
#   severity: high
#   fix: name the domain in the selectors of namespaces, or have the flow listed in the matrix
#   compliance: [
#     NIST-800-53-AC-4, NIST-800-53-AC-4(21), NIST-800-53-SC-7(21), NIST-800-207, PCI-DSS-1.2.1, PCI-DSS-1.3.1,
#     PCI-DSS-1.4.1, SOC2-CC6.6, ISO-27001-A.8.22, GDPR-32
#   ]
#   needs: [namespaceLabels]
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       label:
#         type: string
#         description: The label of Namespaces whose values are the domains. A Pod's own counts where label-lock has it in domainKeys.
#         minLength: 1
#         maxLength: 317
#         default: security-domain
#       matrix:
#         type: array
#         description: The flows that are allowed. Without an entry domains are not judged.
#         maxItems: 200
#         items:
#           type: object
#           additionalProperties: false
#           required: [from, to, ports]
#           properties:
#             from: {type: string, minLength: 1, maxLength: 63, description: "A domain, * for any, or unlabelled, outside or infrastructure."}
#             to: {type: string, minLength: 1, maxLength: 63, description: "A domain, * for any, or unlabelled, outside or infrastructure."}
#             ports:
#               type: array
#               description: TCP 443, UDP 1000-2000, a protocol, or any.
#               minItems: 1
#               maxItems: 100
#               items: {type: string, pattern: "^(any|[A-Z][A-Za-z0-9]*( [0-9]{1,5}(-[0-9]{1,5})?)?)$"}
#             directions:
#               type: array
#               description: Which rules may say it; both where this is left out.
#               minItems: 1
#               items: {enum: [ingress, egress]}
#         default: []
#       sameDomain:
#         type: boolean
#         description: Whether a domain may talk to itself on every port.
#         default: true
#       unlabelled:
#         enum: [deny, allow]
#         description: Flows from and to what is in the cluster and has no domain.
#         default: deny
#       outside:
#         enum: [deny, allow]
#         description: Flows from and to what is outside the cluster.
#         default: deny
#       infrastructure:
#         enum: [deny, allow]
#         description: Flows from and to nodes, the control plane and other parts of the cluster that are no Pods.
#         default: allow
#       tenantLabel:
#         type: string
#         description: The label of Namespaces whose values are the tenants. What has none is shared by all of them.
#         minLength: 1
#         maxLength: 317
#       sharedTenants:
#         type: array
#         description: Tenants that may talk to every other.
#         maxItems: 100
#         items: {type: string, minLength: 1, maxLength: 63}
#         default: []
#       namespaces:
#         type: array
#         description: Namespaces by name, for rules that name them so, as identities do. The first entry that matches counts; a label that contradicts it is a mistake.
#         maxItems: 200
#         items:
#           type: object
#           additionalProperties: false
#           required: [names]
#           properties:
#             names:
#               type: array
#               description: "Names; a trailing * matches a prefix."
#               minItems: 1
#               maxItems: 200
#               items: {type: string, minLength: 1, maxLength: 64, pattern: "^[a-z0-9-]*[*]?$"}
#             domain: {type: string, maxLength: 63, description: Their domain; an empty text for none.}
#             tenant: {type: string, maxLength: 63, description: Their tenant; an empty text for none.}
#         default: []
#       addresses:
#         type: array
#         description: Whose addresses these are. Private ones that are not listed may be any Pod's.
#         maxItems: 200
#         items:
#           type: object
#           additionalProperties: false
#           required: [cidrs]
#           properties:
#             cidrs:
#               type: array
#               description: Prefixes such as 10.20.0.0/16.
#               minItems: 1
#               maxItems: 200
#               items: {type: string, minLength: 1, maxLength: 50}
#             domain: {type: string, maxLength: 63, description: "Their domain, or outside, infrastructure or unlabelled."}
#             tenant: {type: string, maxLength: 63, description: Their tenant.}
#         default: []
package ringfence.guardrails.domain_flow

import data.ringfence.lib.settings

# METADATA
# title: Findings
# description: Every allow rule that can carry a flow which the matrix doesn't list, and every one between tenants.
# scope: document
findings contains finding if {
	some rule in input.policy.rules
	rule.flows
	not rule.staged
	unlisted := [[subject, peer] |
		some flow in rule.flows
		some subject in input.policy.subject.domains
		some peer in flow.domains
		not _listed(_directed(rule.direction, subject, peer), rule.direction, flow.ports)
	]
	count(unlisted) > 0
	finding := {
		"pointer": rule.peers.pointer,
		"message": concat("", [_sentence(rule, unlisted, ""), ", which the matrix doesn't list"]),
		"rules": [rule.pointer],
	}
}

findings contains finding if {
	some rule in input.policy.rules
	rule.flows
	not rule.staged
	crossing := [[subject, peer] |
		some flow in rule.flows
		some subject in input.policy.subject.tenants
		some peer in flow.tenants
		not _same_tenant(subject, peer)
	]
	count(crossing) > 0
	finding := {
		"pointer": rule.peers.pointer,
		"message": concat("", [_sentence(rule, crossing, "tenant "), ", which crosses tenants"]),
		"rules": [rule.pointer],
		"fix": "name the own tenant in the selectors of namespaces, or ask for a shared tenant",
	}
}

# Where a flow comes from and where it goes to.
_directed("ingress", subject, peer) := [peer, subject]

_directed("egress", subject, peer) := [subject, peer]

# The own namespace whose labels are not known: this guardrail is inactive for it.
_listed(flow, _, _) if {
	some place in flow
	place.kind == "own"
}

_listed(flow, _, _) if {
	some place in flow
	place.kind in {"unlabelled", "outside", "infrastructure"}
	settings.parameters("domain-flow")[place.kind] == "allow"
}

_listed([from, to], _, _) if {
	settings.parameters("domain-flow").sameDomain
	from.kind == "domain"
	to.kind == "domain"
	from.name == to.name
}

_listed([from, to], direction, ports) if {
	every one in _readings(from) {
		every other in _readings(to) {
			every range in ports {
				_lists(one, other, direction, range)
			}
		}
	}
}

# What can't be told is of any domain, or of none.
_readings(place) := [{"kind": "others"}, {"kind": "unlabelled"}] if place.kind == "unknown"

_readings(place) := [place] if place.kind != "unknown"

_lists(from, to, direction, range) if {
	some entry in settings.parameters("domain-flow").matrix
	_named(entry.from, from)
	_named(entry.to, to)
	direction in object.get(entry, "directions", ["ingress", "egress"])
	some written in entry.ports
	_covers(written, range)
}

# To be unlabelled is allowed by the setting as well.
_lists(from, to, _, _) if {
	some place in [from, to]
	place.kind == "unlabelled"
	settings.parameters("domain-flow").unlabelled == "allow"
}

# No domain has one of the words' names.
_named(word, place) if {
	place.kind == "domain"
	word == place.name
	not word in _words
}

_named("*", place) if place.kind in {"domain", "others"}

_named(word, place) if {
	word in _words
	word == place.kind
}

_words := {"unlabelled", "outside", "infrastructure"}

_covers("any", _)

# A protocol alone is all of its ports.
_covers(written, range) if written == range.protocol

_covers(written, range) if {
	[protocol, numbers] := split(written, " ")
	protocol == range.protocol
	bounds := split(numbers, "-")
	to_number(bounds[0]) <= range.from
	to_number(bounds[count(bounds) - 1]) >= range.to
}

_same_tenant(_, peer) if peer.kind in {"unlabelled", "outside", "infrastructure", "own"}

_same_tenant(subject, _) if subject.kind in {"unlabelled", "infrastructure", "own"}

_same_tenant(subject, peer) if {
	subject.kind == "domain"
	peer.kind == "domain"
	subject.name == peer.name
}

_same_tenant(subject, peer) if {
	some place in [subject, peer]
	place.kind == "domain"
	place.name in settings.parameters("domain-flow").sharedTenants
}

_sentence(rule, pairs, noun) := concat("", ["lets ", from, " reach ", to, " on ", rule.ports.words]) if {
	subjects := _list({words | some [place, _] in pairs; words := _place_words(place, noun)})
	peers := _list({words | some [_, place] in pairs; words := _place_words(place, noun)})
	[from, to] := _directed(rule.direction, subjects, peers)
}

_place_words(place, noun) := concat("", [noun, place.words]) if place.kind == "domain"

_place_words(place, noun) := replace(place.words, "any domain", "any tenant") if {
	place.kind == "others"
	noun != ""
}

else := place.words if place.kind != "domain"

_list(words) := concat(", ", sort(words)) if count(words) <= 5

_list(words) := concat("", [
	concat(", ", array.slice(sort(words), 0, 5)),
	" and ", format_int(count(words) - 5, 10), " more",
]) if {
	count(words) > 5
}
