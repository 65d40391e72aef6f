/**
 * Message formats on the plant's bus. Payloads are JSON; every number is a whole number within the range the settlement
 * circuit can check (registers below 2^48 Wh, quantities and prices below 2^32). Unknown fields are refused by name, because
 * a field that is not signed must not be believed.
 */
import * as z from 'zod';

const whole = (bits: number) =>
  z
    .int()
    .min(0)
    .max(2 ** bits - 1);
const signature = z.string().regex(/^[0-9a-f]{128}$/, 'must be 64 bytes in lower-case hex');

const clockSchema = z.strictObject({
  schema: z.literal('clock/1'),
  plantTimeMs: whole(53),
  wallTimeMs: whole(53),
  /** Plant seconds per wall second. */
  speed: z.number().positive().max(100_000),
  intervalMs: z.int().min(1000),
  /** From gate closure to delivery, plant time; absent: delivery itself is the gate. */
  gateLeadMs: z.int().min(0).optional(),
});

const readingSchema = z.strictObject({
  schema: z.literal('meter-reading/1'),
  meter: whole(16).min(1),
  /** floor(plantTimeMs / intervalMs); the registers are those at its end. */
  interval: whole(40),
  importWh: whole(48),
  exportWh: whole(48),
  /** Strictly increasing for each meter. */
  sequence: whole(48),
  signature,
});

const orderSchema = z
  .strictObject({
    schema: z.literal('member-order/1'),
    meter: whole(16).min(1),
    kind: z.enum(['standing', 'interval']),
    /** 0 for a standing order. */
    interval: whole(40),
    side: z.enum(['buy', 'sell']),
    quantityWh: whole(32),
    /** milli-cents per kWh */
    limitPrice: whole(32),
    sequence: whole(48),
    signature,
  })
  .refine((order) => (order.kind === 'standing') === (order.interval === 0), {
    path: ['interval'],
    message: 'must be 0 for a standing order and above 0 for an interval order',
  });

export type ClockMessage = z.infer<typeof clockSchema>;
export type MeterReading = z.infer<typeof readingSchema>;
export type MemberOrder = z.infer<typeof orderSchema>;

export type Parsed<T> = { readonly kind: 'ok'; readonly message: T } | { readonly kind: 'invalid'; readonly reason: string };

export const parseClock = (payload: Buffer | string): Parsed<ClockMessage> => parse(clockSchema, payload);
export const parseMeterReading = (payload: Buffer | string): Parsed<MeterReading> => parse(readingSchema, payload);
export const parseMemberOrder = (payload: Buffer | string): Parsed<MemberOrder> => parse(orderSchema, payload);

function parse<T>(schema: z.ZodType<T>, payload: Buffer | string): Parsed<T> {
  let json: unknown;
  try {
    json = JSON.parse(payload.toString());
  } catch {
    return { kind: 'invalid', reason: 'the payload is not JSON' };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { kind: 'ok', message: parsed.data };
  const reasons = parsed.error.issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message));
  return { kind: 'invalid', reason: reasons.join('; ') };
}
