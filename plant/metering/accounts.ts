/**
 * The members' accounts on the chain. Each gateway holds its key here, beside the meter keys, and signs by itself: the console asks for an
 * act and supplies nonce and fees; the gateway works the calls out from the act, checks every byte and every address against the contracts
 * it was commissioned with, and refuses what does not make sense for its member.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Interface, Transaction, Wallet } from 'ethers';
import type { AccountRequest, AccountResponse, LedgerContracts, MemberAccount } from '../../drivers/mqtt/account-messages.ts';
import { WALLET_ABI } from '../../src/domain/wallet/abi.ts';
import { accountMessage } from '../../src/domain/wallet/account-message.ts';
import { callsOf, resolveArgs, WalletAct } from '../../src/domain/wallet/acts.ts';
import { objectionTo } from './account-rules.ts';
import { writeFileAtomic } from './atomic-file.ts';
import type { SigningKey } from './signer.ts';

export interface AccountHolder {
  readonly memberId: string;
  readonly meterId: number;
  readonly ratedW: number;
  readonly key: SigningKey;
}
export interface MemberAccounts {
  announcement(memberId: string): MemberAccount;
  /** The contracts a gateway trusts are those it hears first; others are refused until the file is removed by hand. */
  commission(ledger: LedgerContracts): Promise<{ kind: 'known' | 'taken' } | { kind: 'refused'; reason: string }>;
  /** Answers after what was signed is on disk, so that one nonce never carries two different acts. */
  answer(memberId: string, request: AccountRequest): Promise<AccountResponse>;
}

interface Stored {
  ledger: LedgerContracts | null;
  /** `signed`: by nonce, what was signed. */
  members: Record<string, { privateKey: string; signed: Record<string, string> }>;
}

const MOST_FEE_WEI = 10n ** 17n;

export async function openMemberAccounts(options: {
  dir: string;
  holders: readonly AccountHolder[];
  tariffs: { importMilliCentsPerKwh: number; feedInMilliCentsPerKwh: number };
  /** Told of every act that was signed, after it is on disk. */
  onSigned?: (memberId: string, act: WalletAct) => void;
}): Promise<MemberAccounts> {
  const path = join(options.dir, 'member-accounts.json');
  const stored: Stored = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { ledger: null, members: {} };
  const holders = new Map(options.holders.map((h) => [h.memberId, h]));
  const interfaces = new Map(Object.entries(WALLET_ABI).map(([name, abi]) => [name, new Interface([...abi])]));
  let writing: Promise<void> = Promise.resolve();
  const save = (): Promise<void> => {
    writing = writing.catch(() => {}).then(() => writeFileAtomic(path, `${JSON.stringify(stored, null, 1)}\n`, 0o600));
    return writing;
  };
  let added = false;
  for (const id of holders.keys()) {
    if (stored.members[id]) continue;
    stored.members[id] = { privateKey: Wallet.createRandom().privateKey, signed: {} };
    added = true;
  }
  if (added) await save();
  const wallets = new Map([...holders.keys()].map((id) => [id, new Wallet((stored.members[id] as { privateKey: string }).privateKey)]));
  const announcements = new Map(
    [...holders.values()].map((h) => {
      const { address } = wallets.get(h.memberId) as Wallet;
      const signature = h.key.sign(accountMessage(h.meterId, address));
      return [h.memberId, { schema: 'member-account/1', meter: h.meterId, address, signature } as MemberAccount];
    }),
  );

  const judge = (holder: AccountHolder, request: AccountRequest): { raw: Transaction[]; act: WalletAct } | { reason: string } => {
    const { ledger } = stored;
    if (!ledger) return { reason: 'this gateway has not been told the ledger’s contracts yet' };
    if (request.chainId !== ledger.chainId) return { reason: `it is for chain ${request.chainId}; this member’s is ${ledger.chainId}` };
    const parsed = WalletAct.safeParse(request.act);
    if (!parsed.success) return { reason: 'this gateway does not know such an act' };
    const no = objectionTo(parsed.data, {
      address: wallets.get(holder.memberId)?.address ?? '',
      ratedW: holder.ratedW,
      contracts: Object.values(ledger.contracts),
      importPrice: options.tariffs.importMilliCentsPerKwh,
      feedInPrice: options.tariffs.feedInMilliCentsPerKwh,
    });
    if (no) return { reason: no };
    const calls = callsOf(parsed.data);
    if (calls.length !== request.transactions.length)
      return { reason: `this act takes ${calls.length} transactions, not ${request.transactions.length}` };
    const signedBefore = (stored.members[holder.memberId] as { signed: Record<string, string> }).signed;
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
    return { raw, act: parsed.data };
  };

  return {
    announcement(memberId) {
      const found = announcements.get(memberId);
      if (!found) throw new Error(`no account was made for ${memberId}`);
      return found;
    },
    async commission(ledger) {
      if (stored.ledger) {
        const same =
          stored.ledger.chainId === ledger.chainId &&
          stored.ledger.genesisHash === ledger.genesisHash &&
          Object.keys(WALLET_ABI).every((n) => stored.ledger?.contracts[n]?.toLowerCase() === ledger.contracts[n]?.toLowerCase());
        return same
          ? { kind: 'known' }
          : {
              kind: 'refused',
              reason: `the console names other contracts than the gateways were commissioned with; they sign nothing for those. If the ledger was replaced on purpose, set "ledger" to null in ${path} and start the plant again`,
            };
      }
      stored.ledger = ledger;
      await save();
      return { kind: 'taken' };
    },
    async answer(memberId, request) {
      const base = { schema: 'account-response/1', requestId: request.requestId } as const;
      const holder = holders.get(memberId);
      const wallet = wallets.get(memberId);
      if (!holder || !wallet) return { ...base, result: 'refused', reason: 'this gateway holds no account' };
      const judged = judge(holder, request);
      if ('reason' in judged) return { ...base, result: 'refused', reason: judged.reason };
      const { signed } = stored.members[memberId] as { signed: Record<string, string> };
      for (const t of judged.raw) signed[t.nonce] = `${(t.to ?? '').toLowerCase()}:${t.data}`;
      // Only what may still be replaced has to be remembered.
      for (const nonce of Object.keys(signed)) if (Number(nonce) < (judged.raw[0]?.nonce ?? 0) - 256) delete signed[nonce];
      await save();
      options.onSigned?.(memberId, judged.act);
      return { ...base, result: 'signed', raw: await Promise.all(judged.raw.map((t) => wallet.signTransaction(t))) };
    },
  };
}
