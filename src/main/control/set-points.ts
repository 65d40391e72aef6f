/**
 * Set-points on their way to devices: sent when they change, renewed long before they revert, one command per device under way at a time,
 * read back, and repeated when the read-back failed. Nothing here waits: the cycle goes on while a device is slow.
 */
import type { CommandOutcome } from '../../shared/contract/grid.ts';
import type { Clock } from '../kernel/ports.ts';

export interface SetPointTarget {
  readonly device: string;
  readonly kind: 'power' | 'limit';
  /** Smallest change worth a command. */
  readonly tolerance: number;
}
export interface SetPointStatus {
  readonly value: number | null;
  readonly verified: boolean;
  /** Since when it could not be verified, monotonic; null = it is, or was never sent. */
  readonly unverifiedSinceMs: number | null;
  readonly message: string | null;
}

interface Entry {
  wanted: number | null;
  sent: number | null;
  sentAtMs: number;
  inFlight: boolean;
  verified: boolean;
  unverifiedSinceMs: number | null;
  message: string | null;
}

const RETRY_MS = 2000;

export interface SetPoints {
  /** The value this target shall have from now on; null releases it (a limit is lifted, a power set-point is left to revert). */
  want(target: SetPointTarget, value: number | null): void;
  /** Commands it no more, neither to renew nor to lift: others do now. */
  forget(device: string, kind: SetPointTarget['kind']): void;
  status(device: string, kind: SetPointTarget['kind']): SetPointStatus;
}

export function createSetPoints(
  clock: Clock,
  renewMs: number,
  send: (target: SetPointTarget, value: number | null) => Promise<CommandOutcome>,
): SetPoints {
  const entries = new Map<string, Entry>();
  const key = (device: string, kind: string) => `${device} ${kind}`;

  function dispatch(target: SetPointTarget, entry: Entry): void {
    const nowMs = clock.monotonicMs();
    entry.inFlight = true;
    entry.sentAtMs = nowMs;
    const value = entry.wanted;
    entry.sent = value;
    send(target, value)
      .then((outcome) => {
        entry.verified = outcome.state === 'verified';
        entry.message = entry.verified ? null : outcome.message;
      })
      .catch((cause: unknown) => {
        entry.verified = false;
        entry.message = cause instanceof Error ? cause.message : String(cause);
      })
      .finally(() => {
        entry.inFlight = false;
        entry.unverifiedSinceMs = entry.verified ? null : (entry.unverifiedSinceMs ?? nowMs);
      });
  }

  return {
    want(target, value) {
      const id = key(target.device, target.kind);
      let entry = entries.get(id);
      if (!entry) {
        if (value === null) return;
        entry = {
          wanted: null,
          sent: null,
          sentAtMs: Number.NEGATIVE_INFINITY,
          inFlight: false,
          verified: false,
          unverifiedSinceMs: null,
          message: null,
        };
        entries.set(id, entry);
      }
      entry.wanted = value;
      if (entry.inFlight) return;
      const sinceMs = clock.monotonicMs() - entry.sentAtMs;
      if (value === null) {
        if (target.kind === 'power') {
          entries.delete(id);
          return;
        }
        if (entry.sent === null && entry.verified) entries.delete(id);
        else if (entry.sent !== null || sinceMs > RETRY_MS) dispatch(target, entry);
        return;
      }
      const changed = entry.sent === null || Math.abs(value - entry.sent) > target.tolerance;
      if (changed || sinceMs >= renewMs || (!entry.verified && sinceMs > RETRY_MS)) dispatch(target, entry);
    },
    forget(device, kind) {
      entries.delete(key(device, kind));
    },
    status(device, kind) {
      const entry = entries.get(key(device, kind));
      return entry
        ? { value: entry.wanted, verified: entry.verified, unverifiedSinceMs: entry.unverifiedSinceMs, message: entry.message }
        : { value: null, verified: false, unverifiedSinceMs: null, message: null };
    },
  };
}
