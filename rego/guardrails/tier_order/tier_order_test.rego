package ringfence.guardrails.tier_order_test

import data.ringfence.guardrails.tier_order
import data.ringfence.lib.example_test as example

parameters := {
	"openTiers": [{"group": "projectcalico.org", "tier": "default"}],
	"writers": {"users": ["root", "robot-*"], "groups": ["masters"]},
	"tiers": [
		{"group": "projectcalico.org", "tier": "security", "users": ["carol"], "namespaces": ["guards"]},
		{"group": "projectcalico.org", "tier": "default", "groups": ["owners"]},
	],
	"organisationOrders": [{"group": "projectcalico.org", "tier": "default", "upTo": 100}],
	"withoutUser": "ignore",
}

policy(tier, order, rules) := {
	"place": "admission",
	"user": {"name": "alice", "groups": ["people"]},
	"object": {"family": "network", "group": "projectcalico.org", "kind": "NetworkPolicy", "namespace": "shop"},
	"policy": {
		"rank": {"tier": tier, "order": order},
		"isolates": {"ingress": false, "egress": false},
		"rules": rules,
	},
}

narrow := example.rule({})

staged := example.rule({"staged": true})

stranger := {
	"pointer": "/spec",
	"message": `is in the tier "security", in which "alice" may not write`,
	"aboutWriter": true,
}

too_early(order) := {
	"pointer": "/spec",
	"message": concat("", [
		"has the order ", order,
		` in the tier "default", which is not behind the organisation's, up to 100`,
	]),
	"fix": "take a higher order or priority",
	"aboutWriter": true,
}

passes := {
	"pointer": "/spec/ingress/0",
	"message": `passes Pods with app="web" on TCP 443 to nothing that could deny it: that allows it`,
	"fix": "write what is meant: the action that allows or the one that denies",
}

a_tier(message) := {
	"pointer": "/spec",
	"message": message,
	"fix": "have the platform team change its tiers",
	"aboutWriter": true,
}

tier := {
	"place": "admission",
	"user": {"name": "alice", "groups": ["people"]},
	"object": {"family": "network", "group": "projectcalico.org", "kind": "Tier", "namespace": ""},
}

by(facts, name, groups) := object.union(facts, {"user": {"name": name, "groups": groups}})

cases["an open tier"] := {"facts": policy("default", 101, [narrow]), "findings": set()}

cases["another tier"] := {"facts": policy("security", 101, [narrow]), "findings": {stranger}}

cases["an open tier of another group"] := {
	"facts": object.union(policy("default", 101, [narrow]), {"object": {"group": "crd.projectcalico.org"}}),
	"findings": {{
		"pointer": "/spec",
		"message": `is in the tier "default", in which "alice" may not write`,
		"aboutWriter": true,
	}},
}

cases["a policy that does nothing"] := {"facts": policy("security", 101, []), "findings": set()}

cases["a policy that isolates without rules"] := {
	"facts": object.union(policy("security", 101, []), {"policy": {"isolates": {"egress": true}}}),
	"findings": {stranger},
}

cases["a staged policy"] := {"facts": policy("security", 101, [staged]), "findings": set()}

cases["a writer by name"] := {"facts": by(policy("security", 1, [narrow]), "root", []), "findings": set()}

cases["a writer by prefix"] := {"facts": by(policy("security", 1, [narrow]), "robot-7", []), "findings": set()}

cases["a name that begins like a writer's"] := {
	"facts": by(policy("security", 1, [narrow]), "root2", []),
	"findings": {object.union(stranger, {"message": `is in the tier "security", in which "root2" may not write`})},
}

cases["a writer by group"] := {"facts": by(policy("security", 1, [narrow]), "bob", ["masters"]), "findings": set()}

cases["a writer of the tier"] := {"facts": by(policy("security", 1, [narrow]), "carol", []), "findings": set()}

cases["a writer of another tier"] := {
	"facts": by(policy("security", 1, [narrow]), "bob", ["owners"]),
	"findings": {object.union(stranger, {"message": `is in the tier "security", in which "bob" may not write`})},
}

cases["a namespace of the tier"] := {
	"facts": object.union(policy("security", 1, [narrow]), {"object": {"namespace": "guards"}}),
	"findings": set(),
}

cases["the organisation's last order"] := {"facts": policy("default", 100, [narrow]), "findings": {too_early("100")}}

cases["an order in front"] := {"facts": policy("default", -0.5, [narrow]), "findings": {too_early("-0.5")}}

cases["an order in front, staged"] := {"facts": policy("default", 1, [staged]), "findings": set()}

cases["an order in front, by a writer of the tier"] := {
	"facts": by(policy("default", 1, [narrow]), "bob", ["owners"]),
	"findings": set(),
}

cases["a tier"] := {"facts": tier, "findings": {a_tier(`is one of the tiers, in which "alice" may not write`)}}

cases["a tier, by a writer"] := {"facts": by(tier, "root", []), "findings": set()}

cases["a tier, by a writer of one tier"] := {
	"facts": by(tier, "carol", []),
	"findings": {a_tier(`is one of the tiers, in which "carol" may not write`)},
}

cases["Pass to nothing, by a writer"] := {
	"facts": by(policy("default", 101, [example.rule({"passes": true})]), "root", []),
	"findings": {passes},
}

cases["Pass to nothing, on no port"] := {
	"facts": policy("default", 101, [example.rule({"passes": true, "ports": {"reach": "none"}})]),
	"findings": set(),
}

cases["Pass to nothing, staged"] := {
	"facts": policy("default", 101, [example.rule({"passes": true, "staged": true})]),
	"findings": set(),
}

cases["in the gate"] := {
	"facts": object.union(by(policy("security", 1, [narrow]), "", []), {"place": "gate"}),
	"findings": set(),
}

test_findings[name] if {
	some name, case in cases
	settings := example.settings("tier-order", parameters)
	tier_order.findings == case.findings with input as case.facts with data.ringfence.settings as settings
}

test_gate_for_strangers if {
	settings := example.settings("tier-order", object.union(parameters, {"withoutUser": "judge"}))
	facts := object.union(by(policy("security", 1, [narrow]), "root", ["masters"]), {"place": "gate"})
	finding := object.union(stranger, {"message": `is in the tier "security", which is the organisation's`})
	tier_order.findings == {finding} with input as facts with data.ringfence.settings as settings
}
