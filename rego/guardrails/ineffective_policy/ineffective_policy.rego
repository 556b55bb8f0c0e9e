# METADATA
# title: No policy that only looks like isolation
# description: |
#   Sections that the API ignores, rules that can't match, policies that isolate nothing.
# scope: package
# custom:
#   slug: ineffective-policy
#   families: [network]
#   mode: warn
#   severity: medium
#   fix: remove what has no effect, or write what was meant (for NetworkPolicy often a missing entry in policyTypes)
#   compliance: [NIST-800-53-SC-7(5), PCI-DSS-1.2.7, SOC2-CC6.6, ISO-27001-A.8.22]
package ringfence.guardrails.ineffective_policy

# METADATA
# title: Findings
# description: Every defect by which a policy has less effect than it seems to have.
findings contains finding if {
	some defect in input.defects
	defect.kind in {"inert-section", "no-isolation", "matches-nothing", "shadowed-rule"}
	finding := {"pointer": defect.pointer, "message": defect.detail}
}
