/**
 * @module How the programs of a control plane are called.
 */

/** What tests may change about the flags. */
export interface FlagOptions {
  /** Of the API server and the controller manager. */
  readonly featureGates?: Readonly<Record<string, boolean>>;
  /** Further flags of the API server, such as `--watch-cache=false`. */
  readonly apiServerFlags?: readonly string[];
}

/** Flags of etcd; it needn't survive a power cut, so it doesn't wait for the disk. */
export function etcdFlags(clientUrl: string, peerUrl: string): string[] {
  return [
    "--data-dir=etcd",
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    "--unsafe-no-fsync",
  ];
}

/** Flags of the API server; file names are those of `writeServerFiles`. */
export function apiServerFlags(port: number, etcdUrl: string, options: FlagOptions): string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    `--secure-port=${port}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    "--endpoint-reconciler-type=none",
    "--tls-cert-file=apiserver.crt",
    "--tls-private-key-file=apiserver.key",
    "--client-ca-file=ca.crt",
    `--service-account-issuer=https://127.0.0.1:${port}`,
    "--service-account-key-file=sa.pub",
    "--service-account-signing-key-file=sa.key",
    "--service-cluster-ip-range=10.0.0.0/24",
    "--authorization-mode=RBAC",
    "--allow-privileged=true",
    ...featureGates(options),
    ...(options.apiServerFlags ?? []),
  ];
}

/** Flags of the controller manager: every controller that works without nodes and a cloud. */
export function controllerManagerFlags(port: number, kubeconfig: string, options: FlagOptions): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    "--service-account-private-key-file=sa.key",
    "--root-ca-file=ca.crt",
    "--use-service-account-credentials=true",
    "--leader-elect=false",
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    // Its own throttle would cost four seconds of every start.
    "--kube-api-qps=1000",
    "--kube-api-burst=1000",
    "--controllers=*,-nodeipam,-nodelifecycle,-cloud-node-lifecycle,-attachdetach",
    ...featureGates(options),
  ];
}

function featureGates({ featureGates = {} }: FlagOptions): string[] {
  const gates = Object.entries(featureGates).map(([name, on]) => `${name}=${on}`);
  return gates.length === 0 ? [] : [`--feature-gates=${gates.join(",")}`];
}
