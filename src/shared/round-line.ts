/** One member's own line of a settled round, as the console exports it and the terminal tool checks it (`round-line/1`). Big numbers are decimal strings. */
import { z } from 'zod';
import { FIELD } from './field.ts';

const Big = z
  .string()
  .regex(/^-?\d{1,80}$/)
  .transform(BigInt);
/** A hash takes a number modulo the field: one beyond it would pass every check here and be refused by the contract. */
const Field = z
  .string()
  .regex(/^\d{1,77}$/)
  .transform(BigInt)
  .refine((value) => value < FIELD, 'is not below the order of the field');
const bits = (width: number) => Field.refine((value) => value >> BigInt(width) === 0n, `needs more than ${width} bits`);
/** Wh, - sold more than was delivered. */
const CarriedWh = Big.refine((value) => value >= -(2n ** 48n) && value < 2n ** 48n, 'needs more than 48 bits');
const Path = z.array(Field).max(16);
const MemberState = z.strictObject({
  epoch: Field,
  balance: bits(96),
  debt: bits(96),
  importWh: bits(48),
  exportWh: bits(48),
  sequence: Field,
  carriedWh: CarriedWh,
  salt: Field,
});

export const RoundLine = z.strictObject({
  schema: z.literal('round-line/1'),
  /** market interval */
  round: z.number().int().nonnegative(),
  member: z.string(),
  /** place in the trees, from 0 */
  index: z.number().int().nonnegative(),
  /** leaves of the trees */
  capacity: z.number().int().min(2).max(65_536),
  meter: z.strictObject({ meterId: Field, publicKey: z.tuple([Field, Field]), flags: z.number().int().min(0).max(255) }),
  registryPath: Path,
  order: z
    .strictObject({
      scope: Field,
      side: z.enum(['buy', 'sell']),
      quantityWh: bits(32),
      limitPrice: bits(32),
      sequence: Field,
      salt: Field,
    })
    .nullable(),
  orderPath: Path,
  reading: z
    .strictObject({
      interval: Field,
      importWh: Field,
      exportWh: Field,
      sequence: Field,
      signature: z.strictObject({ r8: z.tuple([Field, Field]), s: Field }),
    })
    .nullable(),
  previous: MemberState,
  previousPath: Path,
  next: MemberState,
  nextPath: Path,
  filledWh: bits(32),
  price: bits(32).nullable(),
  buyTariff: bits(32),
  sellTariff: bits(32),
  /** micro-cents: + paid by the member */
  money: Big.nullable(),
  /** registryRoot, ordersRoot, oldRoot, newRoot, domain, terms, totals, flows */
  publicSignals: z.array(Field).length(8),
  proof: z.unknown(),
});
export type RoundLine = z.output<typeof RoundLine>;
