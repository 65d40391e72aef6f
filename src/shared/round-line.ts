/** One member's own line of a settled round, as the console exports it and the terminal tool checks it (`round-line/1`). Big numbers are decimal strings. */
import { z } from 'zod';

const Big = z
  .string()
  .regex(/^-?\d{1,80}$/)
  .transform(BigInt);
const Natural = z
  .string()
  .regex(/^\d{1,80}$/)
  .transform(BigInt);
const Path = z.array(Natural).max(16);
const MemberState = z.strictObject({
  epoch: Natural,
  balance: Natural,
  debt: Natural,
  importWh: Natural,
  exportWh: Natural,
  sequence: Natural,
  carriedWh: Big,
  salt: Natural,
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
  meter: z.strictObject({ meterId: Natural, publicKey: z.tuple([Natural, Natural]), flags: z.number().int().min(0).max(255) }),
  registryPath: Path,
  order: z
    .strictObject({
      scope: Natural,
      side: z.enum(['buy', 'sell']),
      quantityWh: Natural,
      limitPrice: Natural,
      sequence: Natural,
      salt: Natural,
    })
    .nullable(),
  orderPath: Path,
  reading: z
    .strictObject({
      interval: Natural,
      importWh: Natural,
      exportWh: Natural,
      sequence: Natural,
      signature: z.strictObject({ r8: z.tuple([Natural, Natural]), s: Natural }),
    })
    .nullable(),
  previous: MemberState,
  previousPath: Path,
  next: MemberState,
  nextPath: Path,
  filledWh: Natural,
  price: Natural.nullable(),
  buyTariff: Natural,
  sellTariff: Natural,
  /** micro-cents: + paid by the member */
  money: Big.nullable(),
  /** registryRoot, ordersRoot, oldRoot, newRoot, domain, terms, totals, flows */
  publicSignals: z.array(Natural).length(8),
  proof: z.unknown(),
});
export type RoundLine = z.output<typeof RoundLine>;
