# METADATA
# title: Examples that the tests share
# description: |
#   Narrow, complete facts. A case overrides what it is about, and only that.
package ringfence.lib.example_test

# METADATA
# title: A rule that no guardrail objects to
# description: From named Pods to one port.
narrow := {
	"pointer": "/spec/ingress/0",
	"direction": "ingress",
	"action": "allow",
	"staged": false,
	"operations": "all",
	"peers": {
		"reach": "selected",
		"ipv4Share": 0,
		"ipv6Share": 0,
		"nat64Share": 0,
		"selfAssignable": false,
		"nearlyAll": false,
		"besideOwnNamespace": false,
		"unresolved": false,
		"pointer": "/spec/ingress/0/from",
		"words": `Pods with app="web"`,
	},
	"ports": {"reach": "some", "share": 0.00002, "pointer": "/spec/ingress/0/ports", "words": "TCP 443"},
}

# METADATA
# title: Every port
# description: As the ports of a rule.
every_port := {"reach": "all", "share": 1, "words": "every port"}

# METADATA
# title: The narrow rule with changes
# description: Objects are merged; everything else is replaced.
rule(changes) := object.union(narrow, changes)

# METADATA
# title: A union of two narrow rules with changes
# description: As the model gives it, only where it is wider than each of its rules.
union(changes) := object.union(
	object.union(
		object.remove(narrow, ["pointer", "action", "staged"]),
		{"pointers": ["/spec/ingress/0", "/spec/ingress/1"]},
	),
	changes,
)

# METADATA
# title: Facts of a policy with these rules and unions
# description: The object is a NetworkPolicy shop/web.
policy(rules, unions) := {
	"object": {"family": "network", "kind": "NetworkPolicy", "namespace": "shop", "name": "web"},
	"policy": {"rules": rules, "unions": unions},
	"defects": [],
}

# METADATA
# title: Settings with the parameters of one guardrail
# description: Everything else is absent.
settings(slug, parameters) := {"guardrails": {slug: {"parameters": parameters}}}

# METADATA
# title: The rules that a finding must name
# description: Of a union both rules, else the rule in which it points to something.
rules_of(finding) := ["/spec/ingress/0", "/spec/ingress/1"] if contains(finding.message, "(together: ")

else := [concat("/", array.slice(split(finding.pointer, "/"), 0, 4))]
