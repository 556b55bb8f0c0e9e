/**
 * @module Runs one compiled policy: text in, text out, over OPA's WASM ABI 1.3, step by step.
 *
 * The one-call form `opa_eval` evaluates malformed input as no input at all, which a policy of findings answers with
 * "no findings". Here the parser's own answer is checked (address 0 = malformed), and engine.ts checks the echo.
 * Source of the ABI: https://www.openpolicyagent.org/docs/wasm
 */

const PAGE = 64 * 1024;
/** 1 MiB, which the facts of ordinary objects never outgrow. */
const FIRST_PAGES = 16;
/** 128 MiB. What needs more is a runaway policy: it fails, and the object is denied. */
const LARGEST_PAGES = 2048;
/** An instance whose memory has grown beyond this is replaced: WASM memory never shrinks. */
const REPLACE_ABOVE_BYTES = 16 * 1024 * 1024;

interface PolicyExports {
  readonly memory?: WebAssembly.Memory;
  opa_malloc(size: number): number;
  opa_json_parse(address: number, length: number): number;
  opa_json_dump(value: number): number;
  opa_value_parse(address: number, length: number): number;
  opa_heap_ptr_get(): number;
  opa_heap_ptr_set(address: number): void;
  opa_eval_ctx_new(): number;
  opa_eval_ctx_set_input(context: number, value: number): void;
  opa_eval_ctx_set_data(context: number, value: number): void;
  opa_eval_ctx_set_entrypoint(context: number, entrypoint: number): void;
  opa_eval_ctx_get_result(context: number): number;
  eval(context: number): number;
  builtins(): number;
  entrypoints(): number;
  opa_wasm_abi_version: WebAssembly.Global;
  opa_wasm_abi_minor_version: WebAssembly.Global;
}

/** The policy could not be loaded, or an evaluation failed. The instance that threw is not used again. */
export class PolicyFault extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "PolicyFault";
  }
}

/** A compiled policy with its data; evaluates entrypoints by name. Not re-entrant. */
export class WasmHost {
  readonly #module: WebAssembly.Module;
  readonly #data: string;
  #instance: Instance;

  /**
   * @param module the compiled policy.wasm
   * @param data the data document as JSON text
   * @throws PolicyFault where the module isn't a policy of ABI 1.2 or later, or needs functions of the host
   */
  constructor(module: WebAssembly.Module, data: string) {
    this.#module = module;
    this.#data = data;
    this.#instance = new Instance(module, data);
  }

  get entrypoints(): ReadonlyMap<string, number> {
    return this.#instance.entrypoints;
  }

  /** Bytes of WASM memory that the current instance holds. */
  get memoryBytes(): number {
    return this.#instance.memoryBytes;
  }

  /**
   * Evaluates one entrypoint.
   * @param entrypoint its number, from `entrypoints`
   * @param input the input document as JSON text
   * @returns the result set as JSON text
   * @throws PolicyFault for malformed input, a trap, an abort or exhausted memory; a fresh instance takes the next call
   */
  evaluate(entrypoint: number, input: string): string {
    try {
      return this.#instance.evaluate(entrypoint, input);
    } catch (cause) {
      this.#instance = new Instance(this.#module, this.#data);
      throw cause instanceof PolicyFault ? cause : new PolicyFault(`the policy failed: ${describe(cause)}`, { cause });
    } finally {
      if (this.#instance.memoryBytes > REPLACE_ABOVE_BYTES) this.#instance = new Instance(this.#module, this.#data);
    }
  }
}

class Instance {
  readonly entrypoints: ReadonlyMap<string, number>;
  readonly #exports: PolicyExports;
  readonly #memory: WebAssembly.Memory;
  readonly #data: number;
  readonly #heapStart: number;
  #bytes: Buffer;

  constructor(module: WebAssembly.Module, data: string) {
    const memory = new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: LARGEST_PAGES });
    this.#memory = memory;
    this.#bytes = Buffer.from(memory.buffer);
    const refuse = (): never => {
      throw new PolicyFault("the policy called a function of the host; Ringfence has none");
    };
    try {
      const instance = new WebAssembly.Instance(module, {
        env: {
          memory,
          opa_abort: (address: number): never => {
            throw new PolicyFault(`the policy stopped itself: ${this.#text(address).slice(0, 200)}`);
          },
          opa_println: () => undefined,
          opa_builtin0: refuse,
          opa_builtin1: refuse,
          opa_builtin2: refuse,
          opa_builtin3: refuse,
          opa_builtin4: refuse,
        },
      });
      this.#exports = instance.exports as unknown as PolicyExports;
    } catch (cause) {
      throw new PolicyFault(`the module is not an OPA policy: ${describe(cause)}`, { cause });
    }
    this.#requireAbi();
    const builtins = Object.keys(JSON.parse(this.#dump(this.#exports.builtins())) as object);
    if (builtins.length > 0) {
      throw new PolicyFault(
        `the policy needs built-in functions that OPA's WASM target leaves to the host: ${builtins.join(", ")}`,
      );
    }
    this.entrypoints = new Map(
      Object.entries(JSON.parse(this.#dump(this.#exports.entrypoints())) as Record<string, number>),
    );
    this.#data = this.#parse(data, this.#exports.opa_heap_ptr_get());
    this.#heapStart = this.#exports.opa_heap_ptr_get();
  }

  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  evaluate(entrypoint: number, input: string): string {
    const policy = this.#exports;
    const value = this.#parse(input, this.#heapStart);
    const context = policy.opa_eval_ctx_new();
    policy.opa_eval_ctx_set_input(context, value);
    policy.opa_eval_ctx_set_data(context, this.#data);
    policy.opa_eval_ctx_set_entrypoint(context, entrypoint);
    const code = policy.eval(context);
    if (code !== 0) throw new PolicyFault(`the policy ended with the code ${code}`);
    return this.#dump(policy.opa_eval_ctx_get_result(context));
  }

  /** Writes the text at the start of the free heap and parses it into values behind it; rewinds what was there. */
  #parse(text: string, heapStart: number): number {
    const longest = text.length * 3;
    this.#reserve(heapStart + longest);
    const { written } = ENCODER.encodeInto(text, this.#bytes.subarray(heapStart, heapStart + longest));
    // The parser's values must not overlap its text, and the heap is aligned to 8 bytes.
    this.#exports.opa_heap_ptr_set(heapStart + ((written + 15) & ~7));
    const value = this.#exports.opa_json_parse(heapStart, written);
    if (value === 0) throw new PolicyFault("the input is not JSON");
    return value;
  }

  #reserve(end: number): void {
    const missing = end + PAGE - this.#memory.buffer.byteLength;
    if (missing > 0) {
      try {
        this.#memory.grow(Math.ceil(missing / PAGE));
      } catch (cause) {
        throw new PolicyFault("the input is larger than the policy's memory", { cause });
      }
    }
    this.#refresh();
  }

  /** The buffer is detached whenever memory grows, in our own hands or inside the policy. */
  #refresh(): void {
    if (this.#bytes.buffer !== this.#memory.buffer) this.#bytes = Buffer.from(this.#memory.buffer);
  }

  #dump(value: number): string {
    return this.#text(this.#exports.opa_json_dump(value));
  }

  #text(address: number): string {
    this.#refresh();
    const end = this.#bytes.indexOf(0, address);
    return this.#bytes.toString("utf8", address, end === -1 ? address : end);
  }

  #requireAbi(): void {
    const major: unknown = this.#exports.opa_wasm_abi_version?.value;
    const minor: unknown = this.#exports.opa_wasm_abi_minor_version?.value;
    if (major !== 1 || typeof minor !== "number" || minor < 2) {
      throw new PolicyFault(`the module has the ABI ${String(major)}.${String(minor)}; 1.2 or later is needed`);
    }
  }
}

const ENCODER = new TextEncoder();

/** Hosts throw strings, plain objects, RangeErrors and RuntimeErrors; all become one line. */
function describe(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
}
