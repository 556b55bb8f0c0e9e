/**
 * @module The readers of cilium.io, one entry for the registry.
 */
import { ciliumCidrGroupReader } from "./cilium-cidr-group.ts";
import { ciliumNetworkPolicyReader } from "./cilium-network-policy.ts";
import { ciliumNodeConfigReader } from "./cilium-node-config.ts";
import { ciliumRouteReaders } from "./cilium-routes.ts";
import type { ApiReader } from "./reading.ts";

/** Readers of every kind of cilium.io that allows, denies or leads traffic. */
export const ciliumReaders: readonly ApiReader[] = [
  ciliumNetworkPolicyReader,
  ciliumCidrGroupReader,
  ...ciliumRouteReaders,
  ciliumNodeConfigReader,
];
