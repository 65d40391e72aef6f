/**
 * Bit widths and packings of the settlement statement. The same numbers stand in `circuits/settle.circom` and in
 * `contracts/settlement/SettlementWords.sol`; `docs/settlement.md` is the text they follow.
 */

/** Energy of an order or of one register's growth in one batch, in Wh. */
export const ENERGY_BITS = 32;
/** Limit prices, clearing price and tariffs, in milli-cents per kWh. */
export const PRICE_BITS = 32;
/** Members' cumulative registers, in Wh. */
export const REGISTER_BITS = 48;
/** Growth of a meter's or an order's sequence number. */
export const SEQUENCE_BITS = 32;
/** A standing order's sequence number. */
export const ORDER_SEQUENCE_BITS = 48;
/** Magnitude of a position that waits for its reading, in Wh. */
export const CARRIED_BITS = 48;
/** A member's balance or debt, in micro-cents. */
export const BALANCE_BITS = 96;
/** One deposit or withdrawal, in micro-cents. */
export const FLOW_AMOUNT_BITS = 64;
/** Index of a member within the round. */
export const INDEX_BITS = 16;
/** Interval number. */
export const INTERVAL_BITS = 40;
/** Signed totals of money are shifted by 2^91 and take 92 bits. */
export const MONEY_TOTAL_BITS = 92;
/** Certificate energy of one batch, in Wh. */
export const CERTIFICATE_BITS = 40;
/** Registry flags: bit 0 renewable only, bits 1..4 technology. */
export const FLAG_BITS = 8;

/** Deposits and withdrawals that one round can apply, however many batches it has. */
export const FLOWS_PER_BATCH = 3;
/** Capacities for which circuits are built: tests use 2 and 4, communities 16 and 64. */
export const CAPACITIES = [2, 4, 16, 64] as const;
export type Capacity = (typeof CAPACITIES)[number];

/** A round of `batchMembers · parts` members is settled in `parts` batches (a power of two), one for each subtree of the trees. */
export interface BatchLayout {
  readonly batchMembers: Capacity;
  readonly parts: number;
}
export const MOST_PARTS = 16;

/** Members of a round, empty places included: the leaves of every tree. */
export const capacityOf = (layout: BatchLayout): number => layout.batchMembers * layout.parts;

/** settle-16 for a round of one batch, settle-64x4 for one of four. */
export const circuitName = (kind: 'settle' | 'admit', { batchMembers, parts }: BatchLayout): string =>
  `${kind}-${batchMembers}${parts === 1 ? '' : `x${parts}`}`;

/** The reason why this is no layout, or null. */
export function layoutProblem({ batchMembers, parts }: BatchLayout): string | null {
  if (!CAPACITIES.includes(batchMembers)) return `a batch has ${CAPACITIES.join(', ')} members, not ${batchMembers}`;
  if (!Number.isInteger(parts) || parts < 1 || parts > MOST_PARTS || (parts & (parts - 1)) !== 0)
    return `a round has 1 to ${MOST_PARTS} parts, a power of two, not ${parts}`;
  return null;
}

/** "order" in ASCII: keeps a signed order from ever being read as a signed reading. */
export const ORDER_TAG = 0x6f72646572n;
