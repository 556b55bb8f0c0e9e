/**
 * @module Every limit of the webhook server with its default. Times are milliseconds, sizes are bytes.
 */

export interface ServerLimits {
  /** Longest body that is judged, counted on the wire. A review holds the object twice and Go's encoder inflates it. */
  readonly bodyBytes: number;
  /** How much of a longer body is read and thrown away so that the denial can reach a client that is still sending. */
  readonly discardBytes: number;
  /** Longest body that is judged on the main thread. */
  readonly inlineBytes: number;
  /** Bodies held in memory at once, over all requests; beyond it 429. */
  readonly bytesInFlight: number;
  /** Reviews begun and not answered; beyond it 429. */
  readonly reviewsInFlight: number;
  /** Big bodies that wait for the worker; beyond it 429. */
  readonly queuedReviews: number;

  /** Time to judge when the request carries no `?timeout=`. */
  readonly reviewMs: number;
  /** Most that a `?timeout=` can ask for; the API server knows none above 30 s. */
  readonly longestReviewMs: number;

  /** Above the 90 s after which Go's client drops an idle connection: the client closes first, and no call is lost. */
  readonly keepAliveMs: number;
  readonly handshakeMs: number;
  readonly headersMs: number;
  readonly requestMs: number;
  /** How often the limits for headers and requests are checked. */
  readonly connectionCheckMs: number;
  readonly connections: number;
}

const MEBIBYTE = 1024 * 1024;

export const DEFAULT_LIMITS: ServerLimits = {
  bodyBytes: 16 * MEBIBYTE,
  discardBytes: 64 * MEBIBYTE,
  inlineBytes: 64 * 1024,
  bytesInFlight: 128 * MEBIBYTE,
  reviewsInFlight: 256,
  queuedReviews: 64,

  reviewMs: 2_000,
  longestReviewMs: 29_500,

  keepAliveMs: 120_000,
  handshakeMs: 10_000,
  headersMs: 10_000,
  requestMs: 30_000,
  connectionCheckMs: 1_000,
  connections: 512,
};
