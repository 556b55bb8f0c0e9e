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
package ringfence.guardrails.invalid_policy

# METADATA
# title: Findings
# description: Every defect by which the API, or an agent, would do something else than what is written.
findings contains finding if {
	some defect in input.defects
	defect.kind in {
		"unknown-field", "null-element", "wrong-type", "invalid-value", "missing-field",
		"conflicting-fields", "unsupported-kind", "ambiguous-address",
	}
	finding := {"pointer": defect.pointer, "message": concat("", [defect.detail, _consequence(defect)])}
}

_consequence(defect) := " (as the API reads it, more traffic is allowed)" if defect.effect == "widens"

_consequence(defect) := "" if defect.effect != "widens"
