/** What a member's meter key signs to name the member's account on the chain, so that nobody on the way can put another in its place. */
import { poseidon3 } from 'poseidon-lite/poseidon3';

/** ASCII "account"; three inputs, so that it can be neither a reading's nor an order's message. */
const ACCOUNT_TAG = 0x6163636f756e74n;

export const accountMessage = (meterId: number, address: string): bigint => poseidon3([BigInt(meterId), BigInt(address), ACCOUNT_TAG]);
