# METADATA
# title: Nobody gets in front of the organisation's policies
# description: |
#   Where an API puts policies in order, the first match decides, and whoever comes first overrides the rest. Tiers are
#   the organisation's but for those that are open to everybody: only listed users write to them, and the Tier objects.
#   In a tier that both share, the organisation keeps the first orders. And Pass is no way to allow: what a rule passes
#   on where nothing comes behind that could deny it, it allows. Who writes is known at admission only; the gate and the
#   audit judge the rest, and treat everybody as a stranger where withoutUser says so.
# scope: package
# custom:
#   slug: tier-order
#   families: [network]
#   mode: enforce
#   severity: high
#   excusable: false
#   fix: write the policy in a tier that is open to you, behind the organisation's orders
#   compliance: [
#     NIST-800-53-AC-3(3), NIST-800-53-AC-6, NIST-800-53-CM-5, NIST-800-53-SC-7(5), NIST-800-207, PCI-DSS-1.2.1,
#     PCI-DSS-1.2.2, SOC2-CC6.1, SOC2-CC6.6, ISO-27001-A.8.2, ISO-27001-A.8.22
#   ]
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       openTiers:
#         type: array
#         description: Tiers that everybody may write policies in. All others are the organisation's.
#         maxItems: 100
#         items:
#           type: object
#           additionalProperties: false
#           required: [group, tier]
#           properties:
#             group: {type: string, minLength: 1, maxLength: 253, description: The API group.}
#             tier: {type: string, minLength: 1, maxLength: 253, description: The tier's name.}
#         default:
#         - {group: projectcalico.org, tier: default}
#         - {group: crd.projectcalico.org, tier: default}
#         - {group: crd.antrea.io, tier: application}
#       writers:
#         type: object
#         description: Who may write in every tier, and Tier objects. Calico's own parts make and keep tiers.
#         additionalProperties: false
#         required: [users, groups]
#         properties:
#           users:
#             type: array
#             description: "Names of users; a trailing * matches a prefix."
#             maxItems: 100
#             items: {type: string, minLength: 1, maxLength: 317}
#           groups:
#             type: array
#             description: Groups of users.
#             maxItems: 100
#             items: {type: string, minLength: 1, maxLength: 317}
#         default:
#           users: []
#           groups:
#           - system:masters
#           - system:serviceaccounts:calico-apiserver
#           - system:serviceaccounts:calico-system
#           - system:serviceaccounts:tigera-operator
#       tiers:
#         type: array
#         description: Who else may write policies in one of the organisation's tiers.
#         maxItems: 100
#         items:
#           type: object
#           additionalProperties: false
#           required: [group, tier]
#           properties:
#             group: {type: string, minLength: 1, maxLength: 253, description: The API group.}
#             tier: {type: string, minLength: 1, maxLength: 253, description: The tier's name.}
#             users:
#               type: array
#               description: "Names of users; a trailing * matches a prefix."
#               maxItems: 100
#               items: {type: string, minLength: 1, maxLength: 317}
#             groups:
#               type: array
#               description: Groups of users.
#               maxItems: 100
#               items: {type: string, minLength: 1, maxLength: 317}
#             namespaces:
#               type: array
#               description: Namespaces whose policies may be in the tier, whoever writes them.
#               maxItems: 100
#               items: {type: string, minLength: 1, maxLength: 63}
#         default: []
#       organisationOrders:
#         type: array
#         description: The orders in a tier, from the first one, that only writers of the tier may take. An equal order is one too many, because no API says which of two comes first.
#         maxItems: 100
#         items:
#           type: object
#           additionalProperties: false
#           required: [group, tier, upTo]
#           properties:
#             group: {type: string, minLength: 1, maxLength: 253, description: The API group.}
#             tier: {type: string, minLength: 1, maxLength: 253, description: The tier's name.}
#             upTo: {type: number, description: The last one; a higher order or priority is evaluated later.}
#         default: []
#       withoutUser:
#         enum: [ignore, judge]
#         description: Whether the gate and the audit, which know no user, judge tiers and orders as if nobody listed had written them.
#         default: ignore
package ringfence.guardrails.tier_order

import data.ringfence.lib.settings

# METADATA
# title: Findings
# description: Policies and Tier objects of a stranger in a tier of the organisation, orders before its own, and Pass that allows.
# scope: document
findings contains finding if {
	_judges_writer
	_has_effect
	not _is_open(input.policy.rank.tier)
	not _is_writer(input.policy.rank.tier)
	finding := {
		"pointer": "/spec",
		"message": concat("", [`is in the tier "`, input.policy.rank.tier, `", `, _not_theirs]),
		"aboutWriter": true,
	}
}

findings contains finding if {
	_judges_writer
	_has_effect
	some reserved in settings.parameters("tier-order").organisationOrders
	reserved.group == input.object.group
	reserved.tier == input.policy.rank.tier
	input.policy.rank.order <= reserved.upTo
	not _is_writer(reserved.tier)
	finding := {
		"pointer": "/spec",
		"message": concat("", [
			"has the order ", json.marshal(input.policy.rank.order), ` in the tier "`, reserved.tier,
			`", which is not behind the organisation's, up to `, json.marshal(reserved.upTo),
		]),
		"fix": "take a higher order or priority",
		"aboutWriter": true,
	}
}

findings contains finding if {
	_judges_writer
	input.object.kind == "Tier"
	not _is_writer_of_all
	finding := {
		"pointer": "/spec",
		"message": concat("", ["is one of the tiers, ", _not_theirs]),
		"fix": "have the platform team change its tiers",
		"aboutWriter": true,
	}
}

findings contains finding if {
	some rule in input.policy.rules
	rule.passes
	not rule.staged
	rule.ports.reach != "none"
	finding := {
		"pointer": rule.pointer,
		"message": concat("", [
			"passes ", rule.peers.words, " on ", rule.ports.words,
			" to nothing that could deny it: that allows it",
		]),
		"fix": "write what is meant: the action that allows or the one that denies",
	}
}

_judges_writer if input.place == "admission"

_judges_writer if settings.parameters("tier-order").withoutUser == "judge"

_not_theirs := concat("", [`in which "`, input.user.name, `" may not write`]) if input.place == "admission"

_not_theirs := "which is the organisation's" if input.place != "admission"

# A policy that is only staged gets in front of nothing.
_has_effect if {
	some rule in input.policy.rules
	not rule.staged
}

_has_effect if {
	some isolated in input.policy.isolates
	isolated
}

_is_open(tier) if {"group": input.object.group, "tier": tier} in settings.parameters("tier-order").openTiers

_is_writer_of_all if _is_named(settings.parameters("tier-order").writers)

_is_writer(_) if _is_writer_of_all

_is_writer(tier) if {
	some entry in settings.parameters("tier-order").tiers
	entry.group == input.object.group
	entry.tier == tier
	_is_named(entry)
}

_is_named(who) if {
	input.place == "admission"
	some group in who.groups
	group in input.user.groups
}

_is_named(who) if {
	input.place == "admission"
	some pattern in who.users
	_matches(pattern, input.user.name)
}

_is_named(who) if {
	some namespace in who.namespaces
	namespace == input.object.namespace
}

_matches(pattern, name) if pattern == name

_matches(pattern, name) if {
	endswith(pattern, "*")
	startswith(name, trim_suffix(pattern, "*"))
}
