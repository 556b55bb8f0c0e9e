package ringfence.guardrails.domain_flow_test

import data.ringfence.guardrails.domain_flow
import data.ringfence.lib.example_test as example

parameters := {
	"matrix": [
		{"from": "shop", "to": "bank", "ports": ["TCP 443", "UDP 1000-2000"]},
		{"from": "shop", "to": "bank", "ports": ["TCP 8443"]},
		{"from": "shop", "to": "logs", "ports": ["any"], "directions": ["egress"]},
		{"from": "*", "to": "dns", "ports": ["UDP"]},
		{"from": "outside", "to": "shop", "ports": ["TCP 443"]},
		{"from": "unlabelled", "to": "dns", "ports": ["UDP"]},
		{"from": "shop", "to": "infrastructure", "ports": ["TCP 10250"]},
	],
	"sameDomain": true,
	"unlabelled": "deny",
	"outside": "deny",
	"infrastructure": "deny",
	"sharedTenants": ["platform"],
}

domain(name) := {"kind": "domain", "name": name, "words": concat("", [`"`, name, `"`])}

others := {"kind": "others", "name": "", "words": "any domain"}

unlabelled := {"kind": "unlabelled", "name": "", "words": "what has no label"}

outside := {"kind": "outside", "name": "", "words": "the outside"}

infrastructure := {"kind": "infrastructure", "name": "", "words": "the cluster's nodes"}

unknown := {"kind": "unknown", "name": "", "words": "what can't be told"}

own := {"kind": "own", "name": "", "words": "the own namespace"}

tcp(from, to) := {"protocol": "TCP", "from": from, "to": to}

udp(from, to) := {"protocol": "UDP", "from": from, "to": to}

every_port := {"protocol": "any", "from": 1, "to": 65535}

finding(flow) := {{
	"pointer": "/spec/ingress/0/from",
	"message": concat("", ["lets ", flow, " on TCP 443, which the matrix doesn't list"]),
	"rules": ["/spec/ingress/0"],
}}

# From shop to the peers, unless the case says otherwise.
cases["a listed flow"] := {"peers": [domain("bank")], "ports": [tcp(443, 443)], "findings": set()}

cases["a listed flow, in both directions"] := {
	"direction": "ingress",
	"subjects": [domain("bank")],
	"peers": [domain("shop")],
	"ports": [tcp(443, 443)],
	"findings": set(),
}

cases["ports of two entries"] := {"peers": [domain("bank")], "ports": [tcp(443, 443), tcp(8443, 8443)], "findings": set()}

cases["a part of a range"] := {"peers": [domain("bank")], "ports": [udp(1500, 1600)], "findings": set()}

cases["the ends of a range"] := {"peers": [domain("bank")], "ports": [udp(1000, 2000)], "findings": set()}

cases["a port before the range"] := {
	"peers": [domain("bank")],
	"ports": [udp(999, 1000)],
	"findings": finding(`"shop" reach "bank"`),
}

cases["a port behind the range"] := {
	"peers": [domain("bank")],
	"ports": [udp(2000, 2001)],
	"findings": finding(`"shop" reach "bank"`),
}

cases["the port of another protocol"] := {
	"peers": [domain("bank")],
	"ports": [udp(443, 443)],
	"findings": finding(`"shop" reach "bank"`),
}

cases["one port of two"] := {
	"peers": [domain("bank")],
	"ports": [tcp(443, 443), tcp(5432, 5432)],
	"findings": finding(`"shop" reach "bank"`),
}

cases["every port"] := {
	"peers": [domain("bank")],
	"ports": [every_port],
	"findings": finding(`"shop" reach "bank"`),
}

cases["every port, which is listed"] := {"peers": [domain("logs")], "ports": [every_port], "findings": set()}

cases["another direction"] := {
	"direction": "ingress",
	"subjects": [domain("logs")],
	"peers": [domain("shop")],
	"ports": [every_port],
	"findings": finding(`"shop" reach "logs"`),
}

cases["the other way round"] := {
	"subjects": [domain("bank")],
	"peers": [domain("shop")],
	"ports": [tcp(443, 443)],
	"findings": finding(`"bank" reach "shop"`),
}

cases["a whole protocol"] := {"peers": [domain("dns")], "ports": [udp(1, 65535)], "findings": set()}

cases["any domain, where any is listed"] := {
	"subjects": [others],
	"peers": [domain("dns")],
	"ports": [udp(53, 53)],
	"findings": set(),
}

cases["any domain, where some are listed"] := {
	"peers": [others],
	"ports": [tcp(443, 443)],
	"findings": finding(`"shop" reach any domain`),
}

cases["the same domain"] := {"peers": [domain("shop")], "ports": [every_port], "findings": set()}

cases["any domain is not the same domain"] := {
	"subjects": [others],
	"peers": [others],
	"ports": [tcp(443, 443)],
	"findings": finding("any domain reach any domain"),
}

cases["what has no label"] := {
	"subjects": [unlabelled],
	"peers": [domain("dns")],
	"ports": [udp(53, 53)],
	"findings": set(),
}

cases["what has no label, unlisted"] := {
	"peers": [unlabelled],
	"ports": [tcp(443, 443)],
	"findings": finding(`"shop" reach what has no label`),
}

cases["the outside, listed"] := {
	"direction": "ingress",
	"subjects": [domain("shop")],
	"peers": [outside],
	"ports": [tcp(443, 443)],
	"findings": set(),
}

cases["the outside, unlisted"] := {
	"peers": [outside],
	"ports": [tcp(443, 443)],
	"findings": finding(`"shop" reach the outside`),
}

cases["a domain that is called outside"] := {
	"direction": "ingress",
	"subjects": [domain("shop")],
	"peers": [domain("outside")],
	"ports": [tcp(443, 443)],
	"findings": finding(`"outside" reach "shop"`),
}

cases["nodes, listed"] := {"peers": [infrastructure], "ports": [tcp(10250, 10250)], "findings": set()}

cases["what can't be told, where any and none are listed"] := {
	"subjects": [unknown],
	"peers": [domain("dns")],
	"ports": [udp(53, 53)],
	"findings": set(),
}

cases["what can't be told"] := {
	"peers": [unknown],
	"ports": [tcp(443, 443)],
	"findings": finding(`"shop" reach what can't be told`),
}

cases["a namespace whose labels are not known"] := {"subjects": [own], "peers": [others], "ports": [every_port], "findings": set()}

cases["many domains"] := {
	"peers": [domain(name) | some name in ["a", "b", "c", "d", "e", "f", "g"]],
	"ports": [tcp(443, 443)],
	"findings": finding(`"shop" reach "a", "b", "c", "d", "e" and 2 more`),
}

cases["one of two peers"] := {
	"peers": [domain("bank"), domain("mail")],
	"ports": [tcp(443, 443)],
	"findings": finding(`"shop" reach "mail"`),
}

cases["one of two subjects"] := {
	"subjects": [domain("shop"), domain("mail")],
	"peers": [domain("bank")],
	"ports": [tcp(443, 443)],
	"findings": finding(`"mail" reach "bank"`),
}

facts(case) := {"policy": {
	"subject": {"domains": object.get(case, "subjects", [domain("shop")])},
	"rules": [example.rule({
		"direction": object.get(case, "direction", "egress"),
		"staged": object.get(case, "staged", false),
		"flows": [{"ports": case.ports, "domains": case.peers}],
	})],
}}

test_findings[name] if {
	some name, case in cases
	settings := example.settings("domain-flow", parameters)
	domain_flow.findings == case.findings with input as facts(case) with data.ringfence.settings as settings
}

allowed[kind] := [place, setting] if {
	some [kind, place] in [["unlabelled", unlabelled], ["outside", outside], ["infrastructure", infrastructure]]
	setting := object.union(parameters, {kind: "allow"})
}

test_allowed_by_setting[kind] if {
	some kind, [place, setting] in allowed
	settings := example.settings("domain-flow", setting)
	case := {"peers": [place], "ports": [every_port]}
	domain_flow.findings == set() with input as facts(case) with data.ringfence.settings as settings
}

test_unknown_where_unlabelled_is_allowed if {
	settings := example.settings("domain-flow", object.union(parameters, {"unlabelled": "allow"}))
	listed := {"subjects": [unknown], "peers": [domain("dns")], "ports": [udp(53, 53)]}
	domain_flow.findings == set() with input as facts(listed) with data.ringfence.settings as settings
	unlisted := {"peers": [unknown], "ports": [tcp(443, 443)]}
	count(domain_flow.findings) == 1 with input as facts(unlisted) with data.ringfence.settings as settings
}

test_domain_not_with_itself if {
	settings := example.settings("domain-flow", object.union(parameters, {"sameDomain": false}))
	case := {"peers": [domain("shop")], "ports": [tcp(443, 443)]}
	wanted := finding(`"shop" reach "shop"`)
	domain_flow.findings == wanted with input as facts(case) with data.ringfence.settings as settings
}

test_staged if {
	settings := example.settings("domain-flow", parameters)
	case := {"peers": [others], "ports": [tcp(443, 443)], "staged": true}
	domain_flow.findings == set() with input as facts(case) with data.ringfence.settings as settings
}

test_without_a_matrix if {
	settings := example.settings("domain-flow", object.union(parameters, {"matrix": []}))
	domain_flow.findings == set() with input as example.policy([example.rule({})], []) with data.ringfence.settings as settings
}

crossing["its own tenant"] := {"subject": domain("acme"), "peer": domain("acme"), "flow": null}

crossing["another tenant"] := {
	"subject": domain("acme"),
	"peer": domain("umbrella"),
	"flow": `tenant "umbrella" reach tenant "acme"`,
}

crossing["any tenant"] := {
	"subject": domain("acme"),
	"peer": others,
	"flow": `any tenant reach tenant "acme"`,
}

crossing["what can't be told"] := {
	"subject": domain("acme"),
	"peer": unknown,
	"flow": `what can't be told reach tenant "acme"`,
}

crossing["a shared tenant"] := {"subject": domain("acme"), "peer": domain("platform"), "flow": null}

crossing["from a shared tenant"] := {"subject": domain("platform"), "peer": others, "flow": null}

crossing["what no tenant has"] := {"subject": domain("acme"), "peer": unlabelled, "flow": null}

crossing["the outside"] := {"subject": domain("acme"), "peer": outside, "flow": null}

crossing["what all share"] := {"subject": unlabelled, "peer": others, "flow": null}

crossing["any tenant's policy"] := {
	"subject": others,
	"peer": domain("acme"),
	"flow": `tenant "acme" reach any tenant`,
}

tenant_findings(null) := set()

tenant_findings(flow) := {{
	"pointer": "/spec/ingress/0/from",
	"message": concat("", ["lets ", flow, " on TCP 443, which crosses tenants"]),
	"rules": ["/spec/ingress/0"],
	"fix": "name the own tenant in the selectors of namespaces, or ask for a shared tenant",
}} if {
	flow != null
}

test_tenants[name] if {
	some name, case in crossing
	settings := example.settings("domain-flow", parameters)
	facts_of_tenants := {"policy": {
		"subject": {"tenants": [case.subject]},
		"rules": [example.rule({"flows": [{"ports": [tcp(443, 443)], "tenants": [case.peer]}]})],
	}}
	wanted := tenant_findings(case.flow)
	domain_flow.findings == wanted with input as facts_of_tenants with data.ringfence.settings as settings
}
