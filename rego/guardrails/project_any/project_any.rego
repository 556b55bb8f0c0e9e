# METADATA
# title: No deployment from anywhere to everywhere
# description: |
#   AppProjects of Argo CD that limit neither repositories nor clusters, namespaces or kinds, by whatever patterns;
#   Applications in the project "default"; ApplicationSets whose input chooses the project; what Flux deploys with its
#   own rights or from sources of other namespaces. Findings about Applications, and about the project "default" that
#   Argo CD makes for itself, never deny.
# scope: package
# custom:
#   slug: project-any
#   families: [delivery]
#   mode: warn
#   severity: high
#   fix: name what is needed, and give Flux a service account of the tenant
#   compliance: [
#     NIST-800-53-AC-6, NIST-800-53-CM-5, NIST-800-53-CM-7, PCI-DSS-1.2.2, SOC2-CC8.1,
#     ISO-27001-A.8.32
#   ]
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       aspects:
#         type: array
#         description: |
#           What has to be limited. namespaced-kind is left out by default: a project that limits its namespaces may
#           have all kinds in them, and that is what Argo CD does without a list.
#         maxItems: 9
#         items:
#           enum:
#           - source
#           - server
#           - namespace
#           - cluster-kind
#           - namespaced-kind
#           - application-namespace
#           - project
#           - identity
#           - reference
#         default: [source, server, namespace, cluster-kind, application-namespace, project, identity, reference]
package ringfence.guardrails.project_any

import data.ringfence.lib.settings

# METADATA
# title: Findings
# description: Everything that is not limited and has to be.
findings contains finding if {
	some allowance in input.allowances
	allowance.reach == "any"
	allowance.aspect in settings.parameters("project-any").aspects
	finding := object.union(_cap(allowance), {
		"pointer": allowance.pointer,
		"message": concat("", [_verbs[allowance.aspect], " ", allowance.words]),
	})
}

_verbs := {
	"source": "deploys from",
	"server": "deploys to",
	"namespace": "deploys to",
	"cluster-kind": "deploys",
	"namespaced-kind": "deploys",
	"application-namespace": "is open to",
	"project": "is in",
	"identity": "is allowed",
	"reference": "deploys from",
}

_cap(allowance) := {"atMost": "warn"} if allowance.adviceOnly

_cap(allowance) := {} if not allowance.adviceOnly
