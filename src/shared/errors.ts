/** One catalogue of faults. Across a process boundary go code, a safe sentence, safe details and a trace id; never a stack. */
import { z } from 'zod';

export const ErrorCode = z.enum([
  'input.invalid',
  'call.unknown',
  'session.required',
  'session.badCredentials',
  'session.locked',
  'role.missing',
  'sender.refused',
  'engine.starting',
  'engine.stopping',
  'engine.internal',
  'not.found',
  'conflict',
  'permissive.missing',
  'command.mismatch',
  'command.unverified',
  'device.unreachable',
  'device.exception',
  'chain.away',
  'chain.wrong',
  'chain.reverted',
  'proof.failed',
  'storage.full',
  'storage.corrupt',
  'storage.newer',
  'storage.locked',
  'plant.invalid',
  'port.inUse',
  'output.invalid',
  'timeout',
]);
export type ErrorCode = z.infer<typeof ErrorCode>;

export const Retry = z.enum(['never', 'later', 'now']);
export type Retry = z.infer<typeof Retry>;

/** How a fault looks on the wire. `message` is for a person: what is wrong and what to do. */
export const WireFault = z.object({
  code: ErrorCode,
  message: z.string(),
  retry: Retry,
  traceId: z.string(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])).optional(),
});
export type WireFault = z.infer<typeof WireFault>;

const RETRY: Partial<Record<ErrorCode, Retry>> = {
  'engine.starting': 'later',
  'device.unreachable': 'later',
  'chain.away': 'later',
  timeout: 'now',
  conflict: 'now',
};

export type FaultDetails = NonNullable<WireFault['details']>;

/** A fault inside the engine. Throw it with a sentence that says what is wrong and what to do; bugs throw plain errors instead. */
export class Fault extends Error {
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly details: FaultDetails | undefined;
  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: FaultDetails; retry?: Retry } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Fault';
    this.code = code;
    this.retry = options.retry ?? RETRY[code] ?? 'never';
    this.details = options.details;
  }
}
