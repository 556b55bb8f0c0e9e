/**
 * @module Sets of ports, per transport protocol.
 */
import type { PortReach } from "./width.ts";

export class PortSet {
  static readonly nothing: PortSet = new PortSet();
  static readonly everything: PortSet = new PortSet();
  static range(_protocol: string, _from: number, _to: number): PortSet {
    throw new Error("being written");
  }
  static protocol(_name: string): PortSet {
    throw new Error("being written");
  }
  static named(_protocol: string, _name: string): PortSet {
    throw new Error("being written");
  }
  static portOfAnyProtocol(_from: number, _to: number): PortSet {
    throw new Error("being written");
  }
  /** The union of many sets at once; use it instead of a chain of `union`, which is quadratic. */
  static unionOf(_sets: readonly PortSet[]): PortSet {
    throw new Error("being written");
  }
  union(_other: PortSet): PortSet {
    throw new Error("being written");
  }
  subtract(_other: PortSet): PortSet {
    throw new Error("being written");
  }
  intersect(_other: PortSet): PortSet {
    throw new Error("being written");
  }
  covers(_other: PortSet): boolean {
    throw new Error("being written");
  }
  equals(_other: PortSet): boolean {
    throw new Error("being written");
  }
  isEmpty(): boolean {
    throw new Error("being written");
  }
  share(): number {
    throw new Error("being written");
  }
  reach(): PortReach {
    throw new Error("being written");
  }
  words(): string {
    throw new Error("being written");
  }
}
