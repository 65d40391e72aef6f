/** Values as they travel between engine and screens. A value is never bare: it carries when it was measured and how far it can be trusted. */
import { z } from 'zod';

/** good = measured and fresh · stale = older than its maximum age · estimated = computed, not measured · bad = refused by validation · missing = never read. */
export const Quality = z.enum(['good', 'stale', 'estimated', 'bad', 'missing']);
export type Quality = z.infer<typeof Quality>;

/** Unix time in milliseconds, UTC, wall clock. */
export const TimeMs = z.number().int();
/** Plant time in milliseconds: what weather, energy and market follow; equals wall time on a real plant. */
export const PlantTimeMs = z.number().int();
/** Market interval number: floor(plant time / 15 min). */
export const IntervalId = z.number().int().nonnegative();
/**
 * Of the book that is traded: `open` orders are taken; `binding` the book is frozen, its root on its way to the chain or to the members; `closed`
 * the gate has closed, nobody can change the book any more.
 */
export const GateState = z.enum(['open', 'binding', 'closed']);
export type GateState = z.infer<typeof GateState>;
/** Integer energy in Wh. */
export const Wh = z.number().int();
/** Integer price in milli-cents per kWh. */
export const MilliCentsPerKwh = z.number().int();
/** Integer money in micro-cents as a decimal string (may exceed 2^53). */
export const MicroCents = z.string().regex(/^-?\d+$/);

export const Value = z.object({
  value: z.number().nullable(),
  quality: Quality,
  timeMs: TimeMs.nullable().describe('when it was measured'),
  reason: z.string().optional().describe('why it is not good, in words'),
});
export type Value = z.infer<typeof Value>;

export const Unit = z.enum(['W', 'var', 'VA', 'V', 'A', 'Hz', 'Hz/s', '%', 'Wh', 'pu', '°C', 'g/kWh', 'mc/kWh', 's', 'deg', '']);
export type Unit = z.infer<typeof Unit>;

export const Series = z.object({
  id: z.string(),
  label: z.string(),
  unit: Unit,
  /** Times and values of equal length; null is a gap and is drawn as one. Long ranges come as buckets with minimum and maximum. */
  timesMs: z.array(z.number()),
  values: z.array(z.number().nullable()),
  min: z.array(z.number().nullable()).optional(),
  max: z.array(z.number().nullable()).optional(),
});
export type Series = z.infer<typeof Series>;
