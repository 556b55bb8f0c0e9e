# METADATA
# title: No policy that means something else than it says
# description: |
#   Shapes that the API server, or the agent behind it, rejects, drops or reads differently: unknown keys, null
#   elements, unparsable values, kinds of a policy API that Ringfence can't read. What is dropped often opens the rule.
# scope: package
# custom:
#   slug: invalid-policy
#   families: [network, workload, service, namespace, delivery, definition]
#   mode: enforce
#   severity: high
#   fix: correct or remove the field; kubectl explain shows what the API accepts
#   compliance: [NIST-800-53-CM-6, PCI-DSS-1.2.8, ISO-27001-A.8.9]
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       unreadKinds:
#         type: array
#         description: |
#           Kinds of policy APIs that this release can't read are denied. Here a group can be let through with a warning
#           (warn) or in silence (ignore).
#         maxItems: 100
#         items:
#           type: object
#           additionalProperties: false
#           required: [group, verdict]
#           properties:
#             group: {type: string, minLength: 1, maxLength: 253, description: The API group.}
#             verdict: {enum: [warn, ignore], description: What happens instead of a denial.}
#         default: []
#       newerFields:
#         type: array
#         description: |
#           API groups whose cluster may be newer than this release of Ringfence: unknown fields of known kinds are only
#           warned about. Misspelt ones are then too.
#         maxItems: 100
#         items: {type: string, minLength: 1, maxLength: 253}
#         default: []
package ringfence.guardrails.invalid_policy

import data.ringfence.lib.settings

# METADATA
# title: Findings
# description: Every defect by which the API, or an agent, would do something else than what is written.
findings contains finding if {
	some defect in input.defects
	defect.kind in {
		"unknown-field", "null-element", "wrong-type", "invalid-value", "missing-field",
		"conflicting-fields", "unsupported-kind", "ambiguous-address",
	}
	not _ignored(defect)
	finding := object.union(_cap(defect), {
		"pointer": defect.pointer,
		"message": concat("", [defect.detail, _consequence(defect), _release(defect)]),
	})
}

_ignored(defect) if _unread(defect, "ignore")

_cap(defect) := {"atMost": "warn"} if _capped(defect)

else := {}

_capped(defect) if _unread(defect, "warn")

_capped(defect) if {
	defect.kind == "unknown-field"
	input.object.group in settings.parameters("invalid-policy").newerFields
}

_unread(defect, verdict) if {
	defect.kind == "unsupported-kind"
	some entry in settings.parameters("invalid-policy").unreadKinds
	entry.group == input.object.group
	entry.verdict == verdict
}

# A field may be unknown because the cluster is newer.
_release(defect) := concat("", ["; Ringfence knows the fields of ", input.object.knownRelease]) if {
	defect.kind == "unknown-field"
}

else := ""

_consequence(defect) := " (as the API reads it, more traffic is allowed)" if defect.effect == "widens"

_consequence(defect) := "" if defect.effect != "widens"
