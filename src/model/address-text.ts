/**
 * @module Texts of IP addresses: reads every spelling that some implementation accepts, and writes the canonical one.
 *
 * Policies are stored as text, and the programs behind them disagree: Kubernetes' older parser ignores leading zeros
 * ("010.0.0.0" is 10.0.0.0 there, other software reads octal), Go's `net` reads IPv4-mapped IPv6 as IPv4, `netip`
 * doesn't. The reader here accepts what any of them does and notes what was odd, so that a guardrail can judge it.
 */

/** What is unusual about a spelling. `non-canonical` is IPv6 that RFC 5952 would write in another way. */
export type AddressNote = "host-bits" | "leading-zeros" | "ipv4-mapped" | "non-canonical";

/** An address as a number; an IPv4-mapped one is still IPv6 here. */
export interface AddressValue {
  readonly family: 4 | 6;
  readonly value: bigint;
  readonly leadingZeros: boolean;
  /** The text is what `writeAddress` would write. */
  readonly canonical: boolean;
}

const LONGEST_TEXT = 64;
const GROUPS = 8;

/**
 * Reads one address without prefix length. Zone identifiers (`%eth0`), spaces and shortened IPv4 (`10.1`) are refused
 * as every implementation refuses them.
 */
export function readAddress(text: string): AddressValue | undefined {
  if (text.length > LONGEST_TEXT) return undefined;
  return text.includes(":") ? readIpv6(text) : readIpv4(text);
}

function readIpv4(text: string): AddressValue | undefined {
  const octets = text.split(".");
  if (octets.length !== 4) return undefined;
  let value = 0;
  let leadingZeros = false;
  for (const octet of octets) {
    const number = readDigits(octet, 10, 255);
    if (number === undefined) return undefined;
    leadingZeros ||= hasLeadingZero(octet);
    value = value * 256 + number;
  }
  return { family: 4, value: BigInt(value), leadingZeros, canonical: !leadingZeros };
}

/** One `::` at most, up to eight groups, the last two of which may be a dotted IPv4 address. */
function readIpv6(text: string): AddressValue | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const left = readGroups(halves[0] ?? "", halves.length === 1);
  const right = readGroups(halves[1] ?? "", true);
  if (left === undefined || right === undefined) return undefined;
  const missing = GROUPS - left.groups.length - right.groups.length;
  // "::" stands for at least one group.
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...left.groups, ...Array.from({ length: missing }, () => 0), ...right.groups];
  return {
    family: 6,
    value: BigInt(`0x${groups.map((group) => group.toString(16).padStart(4, "0")).join("")}`),
    leadingZeros: left.leadingZeros || right.leadingZeros,
    canonical: text === writeGroups(groups),
  };
}

interface Groups {
  readonly groups: readonly number[];
  readonly leadingZeros: boolean;
}

function readGroups(text: string, mayEndInIpv4: boolean): Groups | undefined {
  if (text === "") return { groups: [], leadingZeros: false };
  const groups: number[] = [];
  let leadingZeros = false;
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (mayEndInIpv4 && index === parts.length - 1 && part.includes(".")) {
      const embedded = readIpv4(part);
      if (embedded === undefined) return undefined;
      groups.push(Number(embedded.value >> 16n), Number(embedded.value & 0xffffn));
      return { groups, leadingZeros: leadingZeros || embedded.leadingZeros };
    }
    const group = readDigits(part, 16, 0xffff);
    if (group === undefined) return undefined;
    // Up to four digits are the normal spelling ("0db8"); longer groups only pass in parsers that ignore zeros.
    leadingZeros ||= part.length > 4;
    groups.push(group);
  }
  return { groups, leadingZeros };
}

/** A non-negative number written in digits only: no sign, no space, no prefix. */
export function readDigits(text: string, radix: 10 | 16, largest: number): number | undefined {
  if (text === "") return undefined;
  let value = 0;
  for (let index = 0; index < text.length; index += 1) {
    const digit = digitOf(text.charCodeAt(index));
    if (digit >= radix) return undefined;
    value = value * radix + digit;
    if (value > largest) return undefined;
  }
  return value;
}

/** The value of a hexadecimal digit by its character code; 16 for everything else. */
function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lowerCase = code | 0x20;
  return lowerCase >= 0x61 && lowerCase <= 0x66 ? lowerCase - 0x61 + 10 : 16;
}

export function hasLeadingZero(digits: string): boolean {
  return digits.length > 1 && digits.startsWith("0");
}

/** The canonical text of an address: dotted decimal, or RFC 5952 for IPv6 (without its dotted forms). */
export function writeAddress(family: 4 | 6, value: bigint): string {
  return family === 4 ? writeIpv4(value) : writeIpv6(value);
}

function writeIpv4(value: bigint): string {
  const bits = Number(value);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join(".");
}

function writeIpv6(value: bigint): string {
  const digits = value.toString(16).padStart(GROUPS * 4, "0");
  return writeGroups(
    Array.from({ length: GROUPS }, (_, index) => Number(`0x${digits.slice(index * 4, index * 4 + 4)}`)),
  );
}

function writeGroups(groups: readonly number[]): string {
  const texts = groups.map((group) => group.toString(16));
  const zeros = longestZeroRun(groups);
  if (zeros.length < 2) return texts.join(":");
  return `${texts.slice(0, zeros.start).join(":")}::${texts.slice(zeros.start + zeros.length).join(":")}`;
}

/** The longest run of zero groups, the first one where several are as long. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > longest.length) longest = { start: index - length + 1, length };
  }
  return longest;
}
