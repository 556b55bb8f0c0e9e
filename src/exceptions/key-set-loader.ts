/**
 * @module Where a JWK set comes from: a file, or one https URL that the settings name. A URL is fetched with limits on
 * everything, and no answer can lead anywhere else.
 */
import { open } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { quote } from "../model/quote.ts";
import { KeySetError, LARGEST_KEY_SET } from "./approver-keys.ts";

/** From the first byte sent to the last one received. */
const FETCH_LIMIT_MS = 10_000;
/** Seconds between two looks at a URL, and at a file: a mounted one is swapped without notice. */
export const URL_REFRESH_SECONDS = 600;
export const FILE_REFRESH_SECONDS = 10;

/** Where settings say that the keys are. */
export type KeyPlace = { readonly file: string } | { readonly url: string };

/** The bytes of the key set at a place; see {@link loadKeyFile} and {@link fetchKeySet}. */
export function loadKeySet(place: KeyPlace): Promise<Uint8Array> {
  return "url" in place ? fetchKeySet(place.url) : loadKeyFile(place.file);
}

/**
 * The bytes of a key set in a file.
 * @throws KeySetError where it can't be read, or is too large
 */
export async function loadKeyFile(path: string): Promise<Uint8Array> {
  const file = await open(path, "r").catch((cause: NodeJS.ErrnoException) => {
    throw new KeySetError(`${quote(path)}: the approvers' keys can't be read (${cause.code ?? "no reason given"})`);
  });
  try {
    const facts = await file.stat();
    if (!facts.isFile()) throw new KeySetError(`${quote(path)}: the approvers' keys are no regular file`);
    if (facts.size > LARGEST_KEY_SET) throw new KeySetError(`${quote(path)}: larger than ${LARGEST_KEY_SET} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/**
 * Why an address of a key set can't be used, or undefined for a good one. Only https: whoever could change the answer
 * on its way could approve everything.
 */
export function keySetUrlProblem(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null) return `${quote(text)} is no URL`;
  if (url.protocol !== "https:") return `${quote(text)} doesn't start with https://`;
  if (url.username !== "" || url.password !== "") return "the URL of the keys must not hold a password";
  return url.hash === "" ? undefined : `${quote(text)} must not have a part behind #`;
}

export interface FetchOptions {
  /** PEM of the CAs to trust instead of Node's own. */
  readonly authorities?: string;
  readonly limitMs?: number;
}

/**
 * The bytes that a URL answers with. Redirects are refused, not followed.
 * @throws KeySetError for everything but a complete answer 200 within the limits
 */
export async function fetchKeySet(
  url: string,
  { authorities, limitMs = FETCH_LIMIT_MS }: FetchOptions = {},
): Promise<Uint8Array> {
  const problem = keySetUrlProblem(url);
  if (problem !== undefined) throw new KeySetError(problem);
  // Loaded here, because the gate's start would pay for it and hardly ever needs it.
  const { request } = await import("node:https");
  const host = quote(new URL(url).host);
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new KeySetError(`the approvers' keys can't be fetched from ${host}: ${why}`));
    const call = request(url, {
      method: "GET",
      headers: { accept: "application/jwk-set+json, application/json", "accept-encoding": "identity" },
      agent: false,
      signal: AbortSignal.timeout(limitMs),
      ...(authorities === undefined ? {} : { ca: authorities }),
    });
    call.on("response", (response) => {
      collect(response).then(resolve, (cause: unknown) => {
        call.destroy();
        fail(reasonOf(cause, limitMs));
      });
    });
    call.on("error", (cause) => fail(reasonOf(cause, limitMs)));
    call.end();
  });
}

async function collect(response: IncomingMessage): Promise<Uint8Array> {
  const { statusCode = 0 } = response;
  if (statusCode >= 300 && statusCode < 400) throw new KeySetError("it redirects elsewhere, which isn't followed");
  if (statusCode !== 200) throw new KeySetError(`it answers ${statusCode}`);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > LARGEST_KEY_SET) throw new KeySetError(`more than ${LARGEST_KEY_SET} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function reasonOf(cause: unknown, limitMs: number): string {
  if (cause instanceof KeySetError) return cause.message;
  const { name, code } = (cause ?? {}) as { name?: unknown; code?: unknown };
  if (name === "AbortError" || name === "TimeoutError") return `no complete answer within ${limitMs / 1000} s`;
  return typeof code === "string" ? code : "the connection failed";
}
