/** Requests to and outcomes from a Modbus device, shared by link, poller and device descriptions. */
import type { Table } from './unit.ts';

export type { Table } from './unit.ts';

export interface ReadRequest {
  readonly unit: number;
  readonly table: Table;
  readonly address: number;
  /** Registers (≤125) or bits (≤2000). */
  readonly count: number;
}

export interface WriteRequest {
  readonly unit: number;
  readonly table: 'holding' | 'coil';
  readonly address: number;
  /** Register words, or bits as 0 and 1. */
  readonly values: readonly number[];
}

/** Limits of the Modbus Application Protocol 1.1b3, §6. */
export const limits = { readRegisters: 125, readBits: 2000, writeRegisters: 123, writeBits: 1968 } as const;

/**
 * What went wrong. `sent` tells whether the request may have reached the device: a write that failed with `sent: true`
 * is unknown at the device and must be read back before anything is said about it.
 */
export type Failure =
  | { readonly kind: 'exception'; readonly code: number; readonly message: string; readonly retry: 'never' | 'later'; readonly sent: true }
  | { readonly kind: 'timeout'; readonly timeoutMs: number; readonly sent: true }
  | { readonly kind: 'disconnected'; readonly cause: string; readonly sent: boolean }
  | { readonly kind: 'malformed'; readonly detail: string; readonly sent: true }
  | { readonly kind: 'closed'; readonly sent: false };

export interface Success {
  readonly kind: 'ok';
  /** Request written to the socket until the reply was complete. */
  readonly latencyMs: number;
  /** Monotonic clock of this process. */
  readonly receivedAtMs: number;
}

export type ReadOutcome = (Success & { readonly values: number[] }) | Failure;
export type WriteOutcome = Success | Failure;

/** Reads holding registers of one unit; how discovery and tests reach a device. */
export type RegisterReader = (address: number, count: number) => Promise<ReadOutcome>;

/** A sentence for the operator: what is wrong and what to do. */
export function describeFailure(failure: Failure, device: string): string {
  switch (failure.kind) {
    case 'exception':
      return failure.retry === 'later'
        ? `${device} is busy or its gateway cannot reach it (${failure.message}). It will be asked again.`
        : `${device} refused the request (${failure.message}). Check the device profile and the device's remote-control setting.`;
    case 'timeout':
      return `${device} did not answer within ${Math.round(failure.timeoutMs)} ms. Check its power and network.`;
    case 'disconnected':
      return `The connection to ${device} was lost or refused (${failure.cause}). Check network, address and port.`;
    case 'malformed':
      return `${device} answered with something that is not Modbus (${failure.detail}). Check wiring, gateway and unit id.`;
    case 'closed':
      return `The console has closed its connection to ${device}.`;
  }
}
