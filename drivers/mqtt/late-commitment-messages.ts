/**
 * Orders bound while the chain is away. The engine shows the members the orders' root with the operator's signature; each member's gateway
 * answers with a receipt that its account signs. Both are EIP-712, so that the contract Settlement can check them when it is back: receipts
 * when the orders are committed late, a notice when the operator committed other orders than it had shown.
 */
import * as z from 'zod';

const interval = z
  .int()
  .min(0)
  .max(2 ** 40 - 1);
const ordersRoot = z.string().regex(/^[1-9]\d{0,77}$/, 'must be a root in decimal');
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);
/** r, s, v: what `ecrecover` takes. */
const signature = z.string().regex(/^0x[0-9a-f]{130}$/);

export const OrdersNotice = z.strictObject({
  schema: z.literal('orders-notice/1'),
  interval,
  ordersRoot,
  /** The account that will commit the root. */
  operator: address,
  signature,
});
export type OrdersNotice = z.infer<typeof OrdersNotice>;

export const OrdersReceipt = z.strictObject({
  schema: z.literal('orders-receipt/1'),
  interval,
  ordersRoot,
  result: z.enum(['signed', 'refused']),
  reason: z.string().max(400).optional(),
  signature: signature.optional(),
});
export type OrdersReceipt = z.infer<typeof OrdersReceipt>;

/** Typed data of EIP-712, as the contract Settlement has it. */
export const noticeTypes = {
  Notice: [
    { name: 'interval', type: 'uint40' },
    { name: 'ordersRoot', type: 'uint256' },
  ],
};
export const receiptTypes = {
  Receipt: [
    { name: 'interval', type: 'uint40' },
    { name: 'ordersRoot', type: 'uint256' },
    { name: 'operator', type: 'address' },
  ],
};
export const signingDomain = (chainId: number, settlement: string) => ({
  name: 'Busbar Settlement',
  version: '1',
  chainId,
  verifyingContract: settlement,
});
