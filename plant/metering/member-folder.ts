/**
 * A member's own folder, kept by its gateway: the account's key, the sealing key, the newest openings, the contracts it was commissioned
 * with and what it may sign on request. It is all a member needs to leave the community without its operator; `busbar member` works from it and from nothing else.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { LedgerContracts } from '../../drivers/mqtt/account-messages.ts';
import { OrdersNotice } from '../../drivers/mqtt/late-commitment-messages.ts';
import { Opening } from '../../drivers/mqtt/opening-messages.ts';
import { writeFileAtomic } from './atomic-file.ts';

export const AccountFile = z.strictObject({
  schema: z.literal('member-account-file/1'),
  member: z.string(),
  meter: z.int().min(1),
  privateKey: z.string().regex(/^0x[0-9a-f]{64}$/),
  /** The contracts this gateway heard first; it signs for no others. */
  ledger: LedgerContracts.nullable(),
  /** By nonce, what was signed. */
  signed: z.record(z.string(), z.string()),
  /** Money put to use on request within the last day, micro-cents. */
  moved: z.array(z.strictObject({ atMs: z.int().min(0), money: z.string().regex(/^\d{1,30}$/) })).optional(),
});
export type AccountFile = z.infer<typeof AccountFile>;

/** What the member lets its gateway sign when the console asks; amounts in micro-cents, over 24 hours. */
export const MemberPolicy = z.strictObject({
  schema: z.literal('member-policy/1'),
  orders: z.boolean(),
  mostMoneyAtOnce: z.string().regex(/^\d{1,20}$/),
  mostMoneyADay: z.string().regex(/^\d{1,20}$/),
});
export type MemberPolicy = z.infer<typeof MemberPolicy>;

export const SealingKeyFile = z.strictObject({
  schema: z.literal('sealing-key-file/1'),
  publicKey: z.string().regex(/^[0-9a-f]{64}$/),
  privateKey: z.string().regex(/^[0-9a-f]{64}$/),
});
export type SealingKeyFile = z.infer<typeof SealingKeyFile>;

/** Every root of orders that the operator signed for this member, receipted or not: its word, kept against it. */
export const NoticesFile = z.strictObject({
  schema: z.literal('notices-file/1'),
  notices: z.array(
    z.strictObject({
      notice: OrdersNotice,
      /** The member's receipt; null when it gave none, with its reason. */
      receipt: z.string().nullable(),
      reason: z.string().nullable(),
    }),
  ),
});
export type NoticesFile = z.infer<typeof NoticesFile>;

/** Good openings besides the one in opening.json: whichever leads to the last root on the chain is the one to leave with. */
export const OpeningsFile = z.strictObject({
  schema: z.literal('openings-file/1'),
  openings: z.array(Opening),
  /** Interval and root of those that a node of the chain confirmed, the one in opening.json included. */
  confirmed: z.array(z.string()).optional(),
});
export type OpeningsFile = z.infer<typeof OpeningsFile>;

const FILES = {
  account: { name: 'account.json', schema: AccountFile },
  sealingKey: { name: 'sealing-key.json', schema: SealingKeyFile },
  opening: { name: 'opening.json', schema: Opening },
  earlierOpenings: { name: 'earlier-openings.json', schema: OpeningsFile },
  notices: { name: 'notices.json', schema: NoticesFile },
  policy: { name: 'policy.json', schema: MemberPolicy },
} as const;
type Contents = {
  account: AccountFile;
  sealingKey: SealingKeyFile;
  opening: Opening;
  earlierOpenings: OpeningsFile;
  notices: NoticesFile;
  policy: MemberPolicy;
};

export const memberFolder = (plantDir: string, memberId: string): string => join(plantDir, 'members', memberId);

/** null when there is no such file; throws with a sentence when it is damaged, because a key must never be replaced silently. */
export function readMemberFile<K extends keyof Contents>(folder: string, kind: K): Contents[K] | null {
  const path = join(folder, FILES[kind].name);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Error(`${path} cannot be read: ${(error as Error).message}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error(`${path} is damaged: it is not JSON. Restore it from a backup of the gateway.`);
  }
  const parsed = FILES[kind].schema.safeParse(json);
  if (parsed.success) return parsed.data as Contents[K];
  const [issue] = parsed.error.issues;
  throw new Error(
    `${path} is damaged: ${issue?.path.join('.') || 'the document'}: ${issue?.message}. Restore it from a backup of the gateway.`,
  );
}

/** Resolves when the file is on disk, whole. Readable by its owner only. */
export async function writeMemberFile<K extends keyof Contents>(folder: string, kind: K, content: Contents[K]): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await writeFileAtomic(join(folder, FILES[kind].name), `${JSON.stringify(content, null, 1)}\n`, 0o600);
}
