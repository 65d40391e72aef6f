/**
 * The members' accounts on the chain. Each gateway holds its key in its own folder and signs by itself: the console asks for an
 * act and supplies nonce and fees; the gateway works the calls out from the act, checks every byte and every address against the contracts
 * it was commissioned with, and refuses what does not make sense for its member.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Interface, Transaction, Wallet } from 'ethers';
import type { AccountRequest, AccountResponse, LedgerContracts, MemberAccount } from '../../drivers/mqtt/account-messages.ts';
import { receiptTypes, signingDomain } from '../../drivers/mqtt/late-commitment-messages.ts';
import { WALLET_ABI } from '../../src/domain/wallet/abi.ts';
import { accountMessage } from '../../src/domain/wallet/account-message.ts';
import { callsOf, resolveArgs, WalletAct } from '../../src/domain/wallet/acts.ts';
import { movedBy } from '../../src/domain/wallet/money-acts.ts';
import { objectionTo } from './account-rules.ts';
import { type AccountFile, memberFolder, readMemberFile, writeMemberFile } from './member-folder.ts';
import { layOutPolicy, type Moved, moneyObjection, policyOf, recent } from './policy.ts';
import type { SigningKey } from './signer.ts';

export interface AccountHolder {
  readonly memberId: string;
  readonly meterId: number;
  readonly ratedW: number;
  readonly key: SigningKey;
}
export interface MemberAccounts {
  announcement(memberId: string): MemberAccount;
  /** What the member's gateway was commissioned with; null before it heard of any. */
  ledgerOf(memberId: string): LedgerContracts | null;
  /** The contracts a gateway trusts are those it hears first; others are refused until its file is changed by hand. */
  commission(ledger: LedgerContracts): Promise<{ kind: 'known' | 'taken' } | { kind: 'refused'; reason: string }>;
  /** Signs a receipt for the contract Settlement; null when the member has no account or its gateway was told no contracts. */
  signReceipt(memberId: string, receipt: { interval: number; ordersRoot: string; operator: string }): Promise<string | null>;
  /** Answers after what was signed is on disk, so that one nonce never carries two different acts. */
  answer(memberId: string, request: AccountRequest): Promise<AccountResponse>;
}

const MOST_FEE_WEI = 10n ** 17n;

export async function openMemberAccounts(options: {
  dir: string;
  holders: readonly AccountHolder[];
  tariffs: { importMilliCentsPerKwh: number; feedInMilliCentsPerKwh: number };
  /** Told of every act that was signed, after it is on disk. */
  onSigned?: (memberId: string, act: WalletAct) => void;
  nowMs?: () => number;
}): Promise<MemberAccounts> {
  const nowMs = options.nowMs ?? Date.now;
  const holders = new Map(options.holders.map((h) => [h.memberId, h]));
  const interfaces = new Map(Object.entries(WALLET_ABI).map(([name, abi]) => [name, new Interface([...abi])]));
  const files = await openFiles(options.dir, options.holders);
  const writing = new Map<string, Promise<void>>();
  const save = (memberId: string): Promise<void> => {
    const write = () => writeMemberFile(memberFolder(options.dir, memberId), 'account', files.get(memberId) as AccountFile);
    const next = (writing.get(memberId) ?? Promise.resolve()).catch(() => {}).then(write);
    writing.set(memberId, next);
    return next;
  };
  const wallets = new Map([...files].map(([id, file]) => [id, new Wallet(file.privateKey)]));
  const announcements = new Map(
    [...holders.values()].map((h) => {
      const { address } = wallets.get(h.memberId) as Wallet;
      const signature = h.key.sign(accountMessage(h.meterId, address));
      return [h.memberId, { schema: 'member-account/1', meter: h.meterId, address, signature } as MemberAccount];
    }),
  );

  const judge = (
    holder: AccountHolder,
    request: AccountRequest,
  ): { raw: Transaction[]; act: WalletAct; moved: Moved | null } | { reason: string } => {
    const { ledger, signed: signedBefore, moved = [] } = files.get(holder.memberId) as AccountFile;
    if (!ledger) return { reason: 'this gateway has not been told the ledger’s contracts yet' };
    if (request.chainId !== ledger.chainId) return { reason: `it is for chain ${request.chainId}; this member’s is ${ledger.chainId}` };
    const parsed = WalletAct.safeParse(request.act);
    if (!parsed.success) return { reason: 'this gateway does not know such an act' };
    const no = objectionTo(parsed.data, {
      address: wallets.get(holder.memberId)?.address ?? '',
      ratedW: holder.ratedW,
      place: holder.meterId - 1,
      contracts: Object.values(ledger.contracts),
      importPrice: options.tariffs.importMilliCentsPerKwh,
      feedInPrice: options.tariffs.feedInMilliCentsPerKwh,
    });
    if (no) return { reason: no };
    const calls = callsOf(parsed.data);
    if (calls.length !== request.transactions.length)
      return { reason: `this act takes ${calls.length} transactions, not ${request.transactions.length}` };
    const raw: Transaction[] = [];
    for (const [i, call] of calls.entries()) {
      const asked = request.transactions[i] as AccountRequest['transactions'][number];
      const to = ledger.contracts[call.contract];
      if (!to) return { reason: `the contract ${call.contract} is not known` };
      const data = interfaces.get(call.contract)?.encodeFunctionData(
        call.method,
        resolveArgs(call, (name) => ledger.contracts[name] ?? ''),
      );
      if (asked.to.toLowerCase() !== to.toLowerCase())
        return { reason: `${asked.to} is not the contract ${call.contract} this gateway was commissioned with` };
      if (asked.data !== data) return { reason: `the call is not what was asked: ${call.title}` };
      if (asked.nonce !== (request.transactions[0]?.nonce ?? 0) + i) return { reason: 'the transactions are not numbered in order' };
      if (BigInt(asked.gasLimit) * BigInt(asked.maxFeePerGas) > MOST_FEE_WEI) return { reason: 'the chain’s fee is too high' };
      const before = signedBefore[asked.nonce];
      if (before !== undefined && before !== `${to.toLowerCase()}:${data}`)
        return { reason: `number ${asked.nonce} of this account was signed for another act already` };
      raw.push(
        Transaction.from({
          type: 2,
          chainId: ledger.chainId,
          to,
          data,
          nonce: asked.nonce,
          gasLimit: BigInt(asked.gasLimit),
          maxFeePerGas: BigInt(asked.maxFeePerGas),
          maxPriorityFeePerGas: BigInt(asked.maxPriorityFeePerGas),
        }),
      );
    }
    const [first] = raw;
    // Asked for once more with the same number, it is the same money.
    const again = first !== undefined && signedBefore[first.nonce] !== undefined;
    const money = again ? 0n : movedBy(parsed.data, options.tariffs.importMilliCentsPerKwh);
    const tooMuch = moneyObjection(policyOf(options.dir, holder.memberId), money, moved, nowMs());
    if (tooMuch) return { reason: tooMuch };
    return { raw, act: parsed.data, moved: money === 0n ? null : { atMs: nowMs(), money: money.toString() } };
  };

  return {
    announcement(memberId) {
      const found = announcements.get(memberId);
      if (!found) throw new Error(`no account was made for ${memberId}`);
      return found;
    },
    ledgerOf: (memberId) => files.get(memberId)?.ledger ?? null,
    async commission(ledger) {
      let kind: 'known' | 'taken' = 'known';
      for (const [memberId, file] of files) {
        if (file.ledger === null) {
          file.ledger = ledger;
          await save(memberId);
          kind = 'taken';
        } else if (sameLedger(file.ledger, ledger) && ledger.operator && !file.ledger.operator) {
          file.ledger.operator = ledger.operator;
          await save(memberId);
        } else if (!sameLedger(file.ledger, ledger)) {
          const path = join(memberFolder(options.dir, memberId), 'account.json');
          return {
            kind: 'refused',
            reason: `the console names other contracts than the gateway of ${memberId} was commissioned with; it signs nothing for those. If the ledger was replaced on purpose, set "ledger" to null in ${path} (and in the other members’ folders) and start the plant again`,
          };
        }
      }
      return { kind };
    },
    async signReceipt(memberId, receipt) {
      const ledger = files.get(memberId)?.ledger;
      const settlement = ledger?.contracts.Settlement;
      if (!ledger || !settlement) return null;
      return (await wallets.get(memberId)?.signTypedData(signingDomain(ledger.chainId, settlement), receiptTypes, receipt)) ?? null;
    },
    async answer(memberId, request) {
      const base = { schema: 'account-response/1', requestId: request.requestId } as const;
      const holder = holders.get(memberId);
      const wallet = wallets.get(memberId);
      if (!holder || !wallet) return { ...base, result: 'refused', reason: 'this gateway holds no account' };
      const judged = judge(holder, request);
      if ('reason' in judged) return { ...base, result: 'refused', reason: judged.reason };
      const file = files.get(memberId) as AccountFile;
      const { signed } = file;
      file.moved = [...recent(file.moved ?? [], nowMs()), ...(judged.moved ? [judged.moved] : [])];
      for (const t of judged.raw) signed[t.nonce] = `${(t.to ?? '').toLowerCase()}:${t.data}`;
      // Only what may still be replaced has to be remembered.
      for (const nonce of Object.keys(signed)) if (Number(nonce) < (judged.raw[0]?.nonce ?? 0) - 256) delete signed[nonce];
      await save(memberId);
      options.onSigned?.(memberId, judged.act);
      return { ...base, result: 'signed', raw: await Promise.all(judged.raw.map((t) => wallet.signTransaction(t))) };
    },
  };
}

const sameLedger = (a: LedgerContracts, b: LedgerContracts): boolean =>
  a.chainId === b.chainId &&
  a.genesisHash === b.genesisHash &&
  (!a.operator || !b.operator || a.operator.toLowerCase() === b.operator.toLowerCase()) &&
  Object.keys(WALLET_ABI).every((n) => a.contracts[n]?.toLowerCase() === b.contracts[n]?.toLowerCase());

/** Each holder's file; new members get a key. What an older version kept for all members in one file goes into their folders first. */
async function openFiles(dir: string, holders: readonly AccountHolder[]): Promise<Map<string, AccountFile>> {
  const old = join(dir, 'member-accounts.json');
  const before: { ledger?: LedgerContracts | null; members?: Record<string, { privateKey: string; signed: Record<string, string> }> } =
    existsSync(old) ? JSON.parse(readFileSync(old, 'utf8')) : {};
  const files = new Map<string, AccountFile>();
  for (const { memberId, meterId } of holders) {
    const folder = memberFolder(dir, memberId);
    const known = readMemberFile(folder, 'account');
    const taken = before.members?.[memberId];
    const file: AccountFile = known ?? {
      schema: 'member-account-file/1',
      member: memberId,
      meter: meterId,
      privateKey: taken?.privateKey ?? Wallet.createRandom().privateKey,
      ledger: taken ? (before.ledger ?? null) : null,
      signed: taken?.signed ?? {},
    };
    if (!known) await writeMemberFile(folder, 'account', file);
    await layOutPolicy(folder);
    files.set(memberId, file);
  }
  rmSync(old, { force: true });
  return files;
}
