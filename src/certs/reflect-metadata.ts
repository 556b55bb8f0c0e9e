/**
 * @module The part of the Reflect metadata proposal without which @peculiar/x509 (through tsyringe) refuses to load.
 * It stores what it is given and finds it again; no class of that library asks for more. Import it before the library.
 */
const values = new WeakMap<object, Map<unknown, unknown>>();

function define(key: unknown, value: unknown, target: object): void {
  const ofTarget = values.get(target) ?? new Map<unknown, unknown>();
  values.set(target, ofTarget.set(key, value));
}

function own(key: unknown, target: object): unknown {
  return values.get(target)?.get(key);
}

function inherited(key: unknown, target: object): unknown {
  for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const found = own(key, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

// A complete implementation that someone else has loaded stays.
if (!("getMetadata" in Reflect)) {
  Object.assign(Reflect, { defineMetadata: define, getOwnMetadata: own, getMetadata: inherited });
}
