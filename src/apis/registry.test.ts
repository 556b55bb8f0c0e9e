import { describe, expect, test } from "@jest/globals";
import { isPolicyGroup } from "./policy-groups.ts";
import { classify, READERS, readerFor } from "./registry.ts";

describe("classifying a kind", () => {
  test.each([
    { group: "networking.k8s.io", kind: "NetworkPolicy", expected: "read" },
    { group: "", kind: "Pod", expected: "read" },
    { group: "", kind: "PodTemplate", expected: "read" },
    { group: "", kind: "ReplicationController", expected: "read" },
    { group: "", kind: "Service", expected: "read" },
    { group: "", kind: "Namespace", expected: "read" },
    { group: "apps", kind: "Deployment", expected: "read" },
    { group: "apps", kind: "ReplicaSet", expected: "read" },
    { group: "apps", kind: "StatefulSet", expected: "read" },
    { group: "apps", kind: "DaemonSet", expected: "read" },
    { group: "batch", kind: "Job", expected: "read" },
    { group: "batch", kind: "CronJob", expected: "read" },
    { group: "networking.k8s.io", kind: "Ingress", expected: "read" },
    { group: "networking.k8s.io", kind: "IngressClass", expected: "other" },
    { group: "networking.k8s.io", kind: "IPAddress", expected: "other" },
    { group: "networking.k8s.io", kind: "ServiceCIDR", expected: "other" },
    { group: "networking.k8s.io", kind: "TomorrowsPolicy", expected: "unread-policy" },
    { group: "policy.networking.k8s.io", kind: "AdminNetworkPolicy", expected: "read" },
    { group: "policy.networking.k8s.io", kind: "BaselineAdminNetworkPolicy", expected: "read" },
    { group: "policy.networking.k8s.io", kind: "ClusterNetworkPolicy", expected: "read" },
    { group: "networking.k8s.aws", kind: "ClusterNetworkPolicy", expected: "read" },
    { group: "networking.k8s.aws", kind: "ApplicationNetworkPolicy", expected: "read" },
    { group: "networking.k8s.aws", kind: "PolicyEndpoint", expected: "other" },
    { group: "networking.k8s.aws", kind: "TomorrowsPolicy", expected: "unread-policy" },
    { group: "extensions", kind: "NetworkPolicy", expected: "unread-policy" },
    { group: "extensions", kind: "Deployment", expected: "other" },
    { group: "policy.linkerd.io", kind: "Server", expected: "read" },
    { group: "policy.linkerd.io", kind: "HTTPRoute", expected: "read" },
    { group: "policy.linkerd.io", kind: "HTTPLocalRateLimitPolicy", expected: "other" },
    { group: "policy.linkerd.io", kind: "TomorrowsPolicy", expected: "unread-policy" },
    { group: "crd.antrea.io", kind: "Tier", expected: "read" },
    { group: "crd.antrea.io", kind: "Egress", expected: "other" },
    { group: "cilium.io", kind: "CiliumEnvoyConfig", expected: "read" },
    { group: "cilium.io", kind: "CiliumTomorrowsNetworkPolicy", expected: "unread-policy" },
    { group: "cilium.io", kind: "CiliumEndpoint", expected: "other" },
    { group: "crd.projectcalico.org", kind: "IPPool", expected: "other" },
    { group: "gateway.networking.k8s.io", kind: "HTTPRoute", expected: "read" },
    { group: "gateway.networking.k8s.io", kind: "ReferenceGrant", expected: "read" },
    { group: "security.istio.io", kind: "AuthorizationPolicy", expected: "read" },
    { group: "security.istio.io", kind: "PeerAuthentication", expected: "read" },
    { group: "security.istio.io", kind: "TomorrowsPolicy", expected: "unread-policy" },
    { group: "networking.istio.io", kind: "VirtualService", expected: "other" },
    { group: "networking.istio.io", kind: "Sidecar", expected: "read" },
    { group: "networking.istio.io", kind: "Gateway", expected: "read" },
    { group: "extensions.istio.io", kind: "WasmPlugin", expected: "read" },
    { group: "spire.spiffe.io", kind: "ClusterSPIFFEID", expected: "read" },
    { group: "spire.spiffe.io", kind: "TomorrowsEntry", expected: "unread-policy" },
    { group: "k8s.cni.cncf.io", kind: "NetworkAttachmentDefinition", expected: "other" },
    { group: "k8s.cni.cncf.io", kind: "MultiNetworkPolicy", expected: "read" },
    { group: "k8s.ovn.org", kind: "EgressFirewall", expected: "read" },
    { group: "k8s.ovn.org", kind: "EgressIP", expected: "other" },
    { group: "k8s.ovn.org", kind: "EgressQoS", expected: "other" },
    { group: "network.openshift.io", kind: "EgressNetworkPolicy", expected: "read" },
    { group: "networking.gke.io", kind: "FQDNNetworkPolicy", expected: "read" },
    { group: "networking.gke.io", kind: "GCPFirewall", expected: "unread-policy" },
    { group: "networking.gke.io", kind: "Network", expected: "other" },
    { group: "", kind: "NetworkPolicy", expected: "other" },
    { group: "apps", kind: "Pod", expected: "other" },
    { group: "", kind: "Deployment", expected: "other" },
    { group: "apps", kind: "ControllerRevision", expected: "other" },
    { group: "example.com", kind: "NetworkPolicy", expected: "other" },
    { group: "", kind: "ConfigMap", expected: "other" },
    { group: "networking.k8s.io", kind: "networkpolicy", expected: "unread-policy" },
    { group: "__proto__", kind: "constructor", expected: "other" },
    { group: "networking.k8s.io/NetworkPolicy", kind: "", expected: "other" },
  ])("$group/$kind is $expected", ({ group, kind, expected }) => {
    expect(classify(group, kind)).toBe(expected);
    expect(readerFor(group, kind) !== undefined).toBe(expected === "read");
  });
});

describe("groups of network policy", () => {
  test.each(["networking.k8s.io", "policy.networking.k8s.io", "cilium.io", "crd.antrea.io", "security.istio.io"])(
    "%s is one",
    (group) => expect(isPolicyGroup(group)).toBe(true),
  );
  test.each(["", "apps", "batch", "NETWORKING.K8S.IO", "k8s.io", "constructor"])("%j is none", (group) =>
    expect(isPolicyGroup(group)).toBe(false),
  );
});

describe("the readers", () => {
  test("no kind has two", () => {
    const names = READERS.flatMap(({ group, kinds }) => kinds.map((kind) => `${group}/${kind}`));
    expect(new Set(names).size).toBe(names.length);
  });

  test.each(READERS)("of group $group describe every kind as the API server serves it", ({ kinds, resources }) => {
    expect(resources.map(({ kind }) => kind)).toEqual(kinds);
    for (const { plural } of resources) expect(plural).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
  });

  test("name every subresource through which a whole object arrives", () => {
    const served = READERS.flatMap(({ resources }) => resources);
    const subresources = served.flatMap(({ plural, subresources: names }) => names.map((name) => `${plural}/${name}`));
    expect(subresources.toSorted()).toEqual([
      "namespaces/finalize",
      "namespaces/status",
      "pods/ephemeralcontainers",
      "pods/resize",
      "pods/status",
      "services/status",
    ]);
  });
});
