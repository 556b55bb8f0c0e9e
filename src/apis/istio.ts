/**
 * @module The readers of Istio's API groups, one entry for the registry.
 */
import { istioAuthenticationReaders } from "./istio-authentication.ts";
import { authorizationPolicyReader } from "./istio-authorization-policy.ts";
import { destinationRuleReader } from "./istio-destination-rule.ts";
import { istioExtensionReaders } from "./istio-extensions.ts";
import { istioGatewayReader } from "./istio-gateway.ts";
import { istioMeshConfigReaders } from "./istio-mesh-config.ts";
import { serviceEntryReader } from "./istio-service-entry.ts";
import { sidecarReader } from "./istio-sidecar.ts";
import type { ApiReader } from "./reading.ts";

/** Readers of every kind of Istio that allows, denies or leads traffic, or says how it is protected. */
export const istioReaders: readonly ApiReader[] = [
  authorizationPolicyReader,
  ...istioAuthenticationReaders,
  sidecarReader,
  serviceEntryReader,
  destinationRuleReader,
  istioGatewayReader,
  ...istioExtensionReaders,
  ...istioMeshConfigReaders,
];
