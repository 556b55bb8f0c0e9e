# METADATA
# title: No door wider than what is behind it
# description: |
#   Listeners that every namespace may publish through, routes and Ingresses for every host name, references and grants
#   across namespaces, node ports, Services that stand for foreign names or ask for an address.
# scope: package
# related_resources:
# - ref: https://gateway-api.sigs.k8s.io/concepts/security-model/
#   description: Security model of the Gateway API
# custom:
#   slug: exposure
#   families: [service]
#   mode: warn
#   severity: medium
#   fix: name the namespaces, hosts and objects that are meant
#   compliance: [
#     NIST-800-53-SC-7, NIST-800-53-SC-7(3), NIST-800-53-AC-4, PCI-DSS-1.4.2, SOC2-CC6.6,
#     ISO-27001-A.8.22
#   ]
package ringfence.guardrails.exposure

import data.ringfence.lib.traffic

# METADATA
# title: Findings
# description: Every such door, reference and claim.
findings contains finding if {
	some opening in input.openings
	traffic.wide_peers(opening.users)
	finding := {
		"pointer": opening.pointer,
		"message": concat("", ["routes of every namespace may use this listener", _of_all_hosts[opening.hosts]]),
		"fix": "choose the namespaces with from: Selector and a label that only the platform team sets",
	}
}

findings contains finding if {
	some opening in input.openings
	not opening.users
	opening.hosts == "all"
	finding := {
		"pointer": opening.pointer,
		"message": "takes the traffic of every host name that arrives here",
		"fix": "name the host names",
	}
}

findings contains finding if {
	some crossing in input.crossings
	crossing.role == "uses"
	finding := {
		"pointer": crossing.pointer,
		"message": concat("", ["reaches into another namespace: ", crossing.target]),
	}
}

findings contains finding if {
	some crossing in input.crossings
	crossing.role == "grants"
	crossing.everything
	finding := {
		"pointer": crossing.pointer,
		"message": concat("", ["opens this namespace: ", crossing.target]),
		"fix": `name the object in "name"`,
	}
}

findings contains finding if {
	input.service.type == "NodePort"
	finding := {
		"pointer": "/spec/type",
		"message": "opens a port on every node, past Ingress and source ranges",
		"fix": "use a ClusterIP Service behind an Ingress or a Gateway",
	}
}

findings contains finding if {
	some claim in input.service.claims
	finding := {
		"pointer": claim.pointer,
		"message": concat("", ["the Service ", claim.words]),
		"fix": "leave the choice of addresses and foreign names to the platform team",
	}
}

_of_all_hosts := {"all": ", for every host name", "some": ""}
