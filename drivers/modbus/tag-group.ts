/** Tags that are read together, at the same age limit, from one unit. What a device description hands to the poller. */
import type { ReadRequest } from './requests.ts';

export interface TagValue {
  readonly tag: string;
  /** Engineering value in `units`; null with a `reason` when the device has none. */
  readonly value: number | bigint | string | null;
  readonly units?: string;
  readonly reason?: string;
}

export interface TagGroup {
  readonly id: string;
  /** Oldest age at which values of this group may still be used. */
  readonly maxAgeMs: number;
  /** Time between polls; half of `maxAgeMs` when absent. */
  readonly periodMs?: number;
  readonly requests: readonly ReadRequest[];
  /** Turns the words (or bits) of each request, in order, into tags. */
  decode(results: readonly (readonly number[])[]): TagValue[];
}
