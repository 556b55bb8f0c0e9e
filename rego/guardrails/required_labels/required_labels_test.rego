package ringfence.guardrails.required_labels_test

import data.ringfence.guardrails.required_labels
import data.ringfence.lib.example_test as example

owner := {"key": "owner", "on": ["workloads", "namespaces", "policies"]}

tier := {"key": "tier", "on": ["workloads"], "values": ["front", "back"]}

cost := {"key": "cost", "on": ["workloads"], "pattern": `[A-Z]{2}[0-9]{4}`}

# A label whose values must both be listed and match.
both := {"key": "both", "on": ["workloads"], "values": ["aa", "b"], "pattern": "[ab]{2}"}

broken := {"key": "broken", "on": ["workloads"], "pattern": "["}

labels(value) := [{"pointer": "/metadata/labels", "labels": value}]

finding(message) := {{"pointer": "/metadata/labels", "message": message}}

cases["every label is there"] := {
	"required": [owner, tier, cost],
	"family": "workload",
	"labelled": labels({"owner": "shop", "tier": "front", "cost": "AB1234"}),
	"findings": set(),
}

cases["nothing is required"] := {"required": [], "family": "workload", "labelled": labels({}), "findings": set()}

cases["a label is missing on a workload"] := {
	"required": [owner],
	"family": "workload",
	"labelled": labels({"app": "web"}),
	"findings": finding(`"owner" is missing`),
}

cases["a label is missing on a namespace"] := {
	"required": [owner],
	"family": "namespace",
	"labelled": labels({}),
	"findings": finding(`"owner" is missing`),
}

cases["a label is missing on a policy"] := {
	"required": [owner],
	"family": "network",
	"labelled": labels({}),
	"findings": finding(`"owner" is missing`),
}

cases["a label that is required elsewhere"] := {
	"required": [tier],
	"family": "namespace",
	"labelled": labels({}),
	"findings": set(),
}

cases["a label that policies needn't have"] := {
	"required": [{"key": "domain", "on": ["workloads", "namespaces"]}],
	"family": "network",
	"labelled": labels({}),
	"findings": set(),
}

cases["a family on which labels are not required"] := {
	"required": [owner],
	"family": "service",
	"labelled": labels({}),
	"findings": set(),
}

cases["missing on the object and on its Pod template"] := {
	"required": [owner],
	"family": "workload",
	"labelled": [
		{"pointer": "/metadata/labels", "labels": {}},
		{"pointer": "/spec/template/metadata/labels", "labels": {}},
	],
	"findings": {
		{"pointer": "/metadata/labels", "message": `"owner" is missing`},
		{"pointer": "/spec/template/metadata/labels", "message": `"owner" is missing`},
	},
}

cases["missing on the Pod template alone"] := {
	"required": [owner],
	"family": "workload",
	"labelled": [
		{"pointer": "/metadata/labels", "labels": {"owner": "shop"}},
		{"pointer": "/spec/template/metadata/labels", "labels": {}},
	],
	"findings": {{"pointer": "/spec/template/metadata/labels", "message": `"owner" is missing`}},
}

cases["two labels are missing"] := {
	"required": [owner, tier],
	"family": "workload",
	"labelled": labels({}),
	"findings": (finding(`"owner" is missing`) | finding(`"tier" is missing`)),
}

cases["an empty value where nothing says what is allowed"] := {
	"required": [owner],
	"family": "workload",
	"labelled": labels({"owner": ""}),
	"findings": finding(`"owner" is empty`),
}

cases["an empty value that is listed"] := {
	"required": [{"key": "owner", "on": ["workloads"], "values": ["", "shop"]}],
	"family": "workload",
	"labelled": labels({"owner": ""}),
	"findings": set(),
}

cases["an empty value that matches"] := {
	"required": [{"key": "owner", "on": ["workloads"], "pattern": "a*"}],
	"family": "workload",
	"labelled": labels({"owner": ""}),
	"findings": set(),
}

cases["a value that is not listed"] := {
	"required": [tier],
	"family": "workload",
	"labelled": labels({"tier": "middle"}),
	"findings": finding(`"tier" must be one of: front, back`),
}

cases["an empty value that is not listed"] := {
	"required": [tier],
	"family": "workload",
	"labelled": labels({"tier": ""}),
	"findings": finding(`"tier" must be one of: front, back`),
}

cases["another case than the listed value's"] := {
	"required": [tier],
	"family": "workload",
	"labelled": labels({"tier": "Front"}),
	"findings": finding(`"tier" must be one of: front, back`),
}

cases["a value that doesn't match"] := {
	"required": [cost],
	"family": "workload",
	"labelled": labels({"cost": "ab1234"}),
	"findings": finding(`"cost" must match [A-Z]{2}[0-9]{4}`),
}

cases["a match with something before it"] := {
	"required": [cost],
	"family": "workload",
	"labelled": labels({"cost": "xAB1234"}),
	"findings": finding(`"cost" must match [A-Z]{2}[0-9]{4}`),
}

cases["a match with something behind it"] := {
	"required": [cost],
	"family": "workload",
	"labelled": labels({"cost": "AB12345"}),
	"findings": finding(`"cost" must match [A-Z]{2}[0-9]{4}`),
}

cases["the whole value matches one of the pattern's branches"] := {
	"required": [{"key": "stage", "on": ["workloads"], "pattern": "dev|production"}],
	"family": "workload",
	"labelled": labels({"stage": "production"}),
	"findings": set(),
}

cases["a part of the value matches one of the pattern's branches"] := {
	"required": [{"key": "stage", "on": ["workloads"], "pattern": "dev|production"}],
	"family": "workload",
	"labelled": labels({"stage": "pre-production"}),
	"findings": finding(`"stage" must match dev|production`),
}

cases["listed, and matches"] := {
	"required": [both],
	"family": "workload",
	"labelled": labels({"both": "aa"}),
	"findings": set(),
}

cases["listed, and doesn't match"] := {
	"required": [both],
	"family": "workload",
	"labelled": labels({"both": "b"}),
	"findings": finding(`"both" must match [ab]{2}`),
}

cases["matches, and isn't listed"] := {
	"required": [both],
	"family": "workload",
	"labelled": labels({"both": "ab"}),
	"findings": finding(`"both" must be one of: aa, b`),
}

cases["a pattern that is none lets nothing pass"] := {
	"required": [broken],
	"family": "workload",
	"labelled": labels({"broken": "["}),
	"findings": finding(`"broken" must match [`),
}

test_findings[name] if {
	some name, case in cases
	facts := {"object": {"family": case.family}, "labelled": case.labelled}
	settings := example.settings("required-labels", {"labels": case.required})
	required_labels.findings == case.findings with input as facts with data.ringfence.settings as settings
}
