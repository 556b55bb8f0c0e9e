/**
 * @module The newest release of each upstream whose fields the readers know. A field that is unknown to a reader may be
 * newer than these, so messages name them.
 */

const RELEASES: ReadonlyMap<string, string> = new Map([
  ["networking.k8s.io", "Kubernetes 1.36"],
  ["discovery.k8s.io", "Kubernetes 1.36"],
  ["policy.networking.k8s.io", "network-policy-api v1alpha2"],
  ["gateway.networking.k8s.io", "Gateway API 1.6"],
  ["cilium.io", "Cilium 1.19"],
  ["projectcalico.org", "Calico as of August 2026"],
  ["crd.projectcalico.org", "Calico as of August 2026"],
  ["crd.antrea.io", "Antrea as of August 2026"],
  ["security.istio.io", "Istio 1.31"],
  ["networking.istio.io", "Istio 1.31"],
  ["policy.linkerd.io", "Linkerd as of August 2026"],
  ["networking.k8s.aws", "networking.k8s.aws v1alpha1"],
  ["argoproj.io", "Argo CD 3.5"],
]);

/**
 * The newest release that an API group's readers know.
 * @param group API group, `""` for core
 * @returns undefined where no release is named
 */
export function knownRelease(group: string): string | undefined {
  return RELEASES.get(group);
}
