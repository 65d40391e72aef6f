/** Words of the alarm room, after ANSI/ISA-18.2 and IEC 62682. All times are wall-clock milliseconds handed in by the caller. */

/** As shown to the operator. `RtnUnack`: returned to normal before anybody acknowledged it. */
export type AlarmState = 'Normal' | 'Unack' | 'Acked' | 'RtnUnack' | 'Shelved' | 'Suppressed' | 'OutOfService';

/** 1 is the highest. */
export type AlarmPriority = 1 | 2 | 3 | 4;

export type AlarmCondition =
  /** Raised above (below) the limit, returned only `deadband` on the good side of it. Same unit as the samples. */
  | { readonly kind: 'high' | 'low'; readonly limit: number; readonly deadband: number }
  /** The sample itself says whether the condition is present. */
  | { readonly kind: 'discrete' };

export interface AlarmDefinition {
  readonly id: string;
  readonly priority: AlarmPriority;
  readonly condition: AlarmCondition;
  /** The condition must hold (be gone) this long before the alarm is raised (returns). */
  readonly onDelayMs: number;
  readonly offDelayMs: number;
  /** False for alarms that vanish by themselves once the condition is gone. Default true. */
  readonly acknowledgeRequired?: boolean;
  /** This many raises within the window are chattering. Default 3 in 60 s. */
  readonly chatter?: { readonly raises: number; readonly windowMs: number };
  /** Longest time an operator may shelve it. Default 8 h. 0: may not be shelved. */
  readonly maxShelveMs?: number;
}

export interface AlarmRecord {
  readonly state: AlarmState;
  /** State beneath shelving, suppression and out of service. */
  readonly base: 'Normal' | 'Unack' | 'Acked' | 'RtnUnack';
  /** The condition after deadband and delays. */
  readonly conditionActive: boolean;
  /** Since when the raw condition says otherwise; null when it agrees or is not known. */
  readonly pendingSinceMs: number | null;
  /** True while the value it watches is not known; the state then holds. */
  readonly unknown: boolean;
  readonly raisedAtMs: number | null;
  readonly returnedAtMs: number | null;
  readonly acknowledgedAtMs: number | null;
  readonly acknowledgedBy: string | null;
  readonly shelved: { readonly untilMs: number; readonly by: string; readonly reason: string } | null;
  readonly suppressed: { readonly reason: string } | null;
  readonly outOfService: { readonly by: string; readonly reason: string } | null;
  readonly chattering: boolean;
  readonly recentRaisesMs: readonly number[];
  /** Raises since the record began, hidden ones included. */
  readonly occurrences: number;
}

export type AlarmEvent =
  /** `value` null: not known (device silent, bad quality). Numbers for high and low, booleans for discrete. */
  | { readonly kind: 'sample'; readonly atMs: number; readonly value: number | boolean | null }
  /** Time passes: lets delays and shelving run out. */
  | { readonly kind: 'tick'; readonly atMs: number }
  | { readonly kind: 'acknowledge'; readonly atMs: number; readonly by: string }
  | { readonly kind: 'shelve'; readonly atMs: number; readonly by: string; readonly untilMs: number; readonly reason: string }
  | { readonly kind: 'unshelve'; readonly atMs: number; readonly by: string }
  /** By design: a rule of the plant makes the alarm meaningless now. */
  | { readonly kind: 'suppress'; readonly atMs: number; readonly reason: string }
  | { readonly kind: 'unsuppress'; readonly atMs: number }
  | { readonly kind: 'take-out-of-service'; readonly atMs: number; readonly by: string; readonly reason: string }
  | { readonly kind: 'return-to-service'; readonly atMs: number; readonly by: string };

export type TransitionCause =
  | 'raised'
  | 'returned'
  | 'acknowledged'
  | 'shelved'
  | 'unshelved'
  | 'shelving-expired'
  | 'suppressed'
  | 'unsuppressed'
  | 'taken-out-of-service'
  | 'returned-to-service'
  | 'chattering'
  | 'chattering-over';

export interface AlarmTransition {
  readonly from: AlarmState;
  readonly to: AlarmState;
  readonly atMs: number;
  readonly cause: TransitionCause;
  /** True when the operator must be told anew: sound, flashing. */
  readonly annunciate: boolean;
}

export interface AlarmStep {
  readonly record: AlarmRecord;
  readonly transitions: readonly AlarmTransition[];
  /** A sentence for the operator when the act was not possible; the record is then unchanged. */
  readonly refused?: string;
}
