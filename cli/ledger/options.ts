/** What a chain of value must be told before its first contract: ledger-options/1, written by people. */
import { getAddress } from 'ethers';
import { z } from 'zod';
import { workingRoles } from '../../contracts/deploy/role-table.ts';
import type { DeployTerms } from '../../src/main/ledger/deployment.ts';

const Address = z.string().transform((text, context) => {
  try {
    return getAddress(text);
  } catch {
    context.addIssue({
      code: 'custom',
      message: `${text} is no address of an account: 0x and 40 hexadecimal digits are needed, or its checksum is wrong`,
    });
    return z.NEVER;
  }
});
const distinct = (addresses: readonly string[]): boolean => new Set(addresses).size === addresses.length;
const Addresses = z.array(Address).min(1).refine(distinct, 'an account is named twice');

const LedgerOptions = z.strictObject({
  schema: z.literal('ledger-options/1'),
  /** ERC-20 of 8 decimals */
  money: Address.optional(),
  council: z.strictObject({ members: Addresses, threshold: z.number().int().min(1), delayS: z.number().int().min(0) }).optional(),
  roles: z.strictObject(Object.fromEntries(workingRoles.map((role) => [role, Addresses.optional()]))).optional(),
  /** true: readings ahead of the chain's clock are refused */
  chainTime: z.boolean().optional(),
  settlement: z
    .strictObject({
      escapeAfterS: z.number().int().min(3600).optional(),
      challengeWindowS: z.number().int().min(1).optional(),
      certificateHolder: Address.optional(),
    })
    .optional(),
});

export type ParsedOptions =
  | { readonly kind: 'ok'; readonly terms: DeployTerms }
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

export const parseLedgerOptions = (json: unknown): ParsedOptions => {
  const parsed = LedgerOptions.safeParse(json);
  if (!parsed.success)
    return { kind: 'refused', problems: parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the document'}: ${message}`) };
  const { schema: _, ...terms } = parsed.data;
  const { council } = terms;
  if (council && council.threshold > council.members.length)
    return { kind: 'refused', problems: [`council: ${council.threshold} of ${council.members.length} members can never agree`] };
  return { kind: 'ok', terms: terms as DeployTerms };
};
