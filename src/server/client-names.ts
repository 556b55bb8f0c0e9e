/**
 * @module Which clients may call: names that have to be in the certificate that a client has shown.
 */
import type { TLSSocket } from "node:tls";

/**
 * Whether the certificate of a connection carries one of the names, as common name or as DNS name. The handshake has
 * verified already that a trusted authority has issued it.
 */
export function isAllowedClient(socket: TLSSocket, names: readonly string[]): boolean {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return false;
  const commonNames = [socket.getPeerCertificate().subject?.CN ?? []].flat();
  return names.some(
    (name) =>
      commonNames.includes(name) || certificate.checkHost(name, { subject: "never", wildcards: false }) !== undefined,
  );
}
