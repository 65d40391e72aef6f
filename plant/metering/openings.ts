/**
 * What a gateway does with its member's openings: it names the key they are sealed for, opens and checks each one as the member itself
 * would, and says that it has it only when it is on its own disk. The last few good ones stay, for the day the operator is gone: a line that
 * adds up need not be of the chain's round, and a gateway cannot ask the chain. `busbar member exit` takes the one that leads to its root.
 */
import type { LedgerContracts } from '../../drivers/mqtt/account-messages.ts';
import {
  aboutOpening,
  type MemberSealingKey,
  Opening,
  type OpeningReceipt,
  SealedOpening,
  sealingKeyHash,
} from '../../drivers/mqtt/opening-messages.ts';
import { newSealingKey, unseal } from '../../drivers/mqtt/sealing.ts';
import { verifyRound } from '../../src/domain/settlement/verify-round.ts';
import { PUBLIC_SIGNALS, settlementDomain } from '../../src/domain/settlement/words.ts';
import { RoundLine } from '../../src/shared/round-line.ts';
import { memberFolder, readMemberFile, type SealingKeyFile, writeMemberFile } from './member-folder.ts';
import type { SigningKey } from './signer.ts';

/** Intervals of which lines are kept: a line takes no place of another interval's, so only intervals that have begun push one out. */
const KEPT_INTERVALS = 8;
/**
 * Lines of one interval that contradict one another, because one is false or because the chain forgot the round and it was settled anew. One that is
 * here gives way to no word of the operator's, who could wipe the good one with false ones; only to one that the chain itself confirms.
 */
const KEPT_OF_INTERVAL = 4;

export interface OpeningHolder {
  readonly memberId: string;
  readonly meterId: number;
  readonly key: SigningKey;
}

export interface OpeningKeeper {
  has(memberId: string): boolean;
  announcement(memberId: string): MemberSealingKey;
  /** null: there is nothing to answer yet, or nobody to answer; the reason was told to `onProblem`. */
  take(memberId: string, payload: Buffer | string): Promise<OpeningReceipt | null>;
  /** Openings that came before the gateway knew its contracts, or the market's time, are looked at now. */
  commissioned(): Promise<{ memberId: string; receipt: OpeningReceipt }[]>;
}

export async function openOpeningKeeper(options: {
  dir: string;
  holders: readonly OpeningHolder[];
  ledger: (memberId: string) => LedgerContracts | null;
  /** The market's time as the gateway follows it; null before it was heard. */
  clock: () => { plantTimeMs: number; intervalMs: number } | null;
  /** The accounts' root that the chain has after an interval; null: there is no node to ask, or it does not answer. Asked only when there is no room. */
  rootOnChain?: (ledger: LedgerContracts, interval: number) => Promise<bigint | null>;
  onProblem?: (sentence: string) => void;
}): Promise<OpeningKeeper> {
  const holders = new Map(options.holders.map((h) => [h.memberId, h]));
  const keys = new Map<string, SealingKeyFile>();
  const announcements = new Map<string, MemberSealingKey>();
  /** Oldest first. */
  const kept = new Map<string, readonly Opening[]>();
  const early = new Map<string, Buffer | string>();
  for (const { memberId, meterId, key } of options.holders) {
    const folder = memberFolder(options.dir, memberId);
    let own = readMemberFile(folder, 'sealingKey');
    if (!own) {
      own = { schema: 'sealing-key-file/1', ...newSealingKey() };
      await writeMemberFile(folder, 'sealingKey', own);
    }
    keys.set(memberId, own);
    const signature = key.sign(sealingKeyHash(meterId, own.publicKey));
    announcements.set(memberId, { schema: 'member-sealing-key/1', meter: meterId, key: own.publicKey, signature });
    const newest = readMemberFile(folder, 'opening');
    const earlier = readMemberFile(folder, 'earlierOpenings')?.openings ?? [];
    // Killed between its two files, a gateway has the one before in both.
    kept.set(memberId, newest ? [...earlier.filter((one) => nameOf(one) !== nameOf(newest)), newest] : earlier);
  }

  const judge = (holder: OpeningHolder, sealed: SealedOpening, ledger: LedgerContracts, running: number): Opening | string => {
    const { memberId, meterId, key } = holder;
    if (sealed.member !== memberId) return `it is for ${sealed.member}, not for ${memberId}`;
    const settlement = ledger.contracts.Settlement?.toLowerCase() ?? '';
    if (sealed.chainId !== ledger.chainId || sealed.settlement.toLowerCase() !== settlement)
      return 'it is of another ledger than the one this gateway was commissioned with';
    if (sealed.interval > running) return `it is of interval ${sealed.interval}, which has not begun: interval ${running} runs now`;
    const oldest = intervalsOf(kept.get(memberId) ?? []).at(-KEPT_INTERVALS);
    if (oldest !== undefined && sealed.interval < oldest)
      return `it is of interval ${sealed.interval}; those of ${KEPT_INTERVALS} newer ones are here already`;
    const text = unseal(sealed, keys.get(memberId) as SealingKeyFile, aboutOpening(sealed));
    if (text === null) return 'it cannot be opened: it is sealed for another key, or was changed on its way';
    const opening = Opening.safeParse(jsonOf(text));
    const line = opening.success ? RoundLine.safeParse(opening.data.line) : null;
    if (!opening.success || !line?.success) return 'what is under the seal is no opening';
    const { meter, round, index, publicSignals } = line.data;
    if (round !== sealed.interval || opening.data.chain.chainId !== sealed.chainId) return 'it is not what its envelope says';
    if (opening.data.chain.settlement.toLowerCase() !== settlement) return 'it is not what its envelope says';
    if (publicSignals[PUBLIC_SIGNALS.indexOf('domain')] !== settlementDomain(ledger.chainId, settlement))
      return 'its round was settled on another ledger';
    if (Number(meter.meterId) !== meterId || index !== meterId - 1 || meter.publicKey.join() !== key.publicKey.join())
      return 'it is another meter’s line';
    const wrong = verifyRound(line.data).checks.find((check) => !check.ok);
    return wrong ? `${wrong.name}: ${wrong.detail}` : opening.data;
  };

  /** Those to keep from now on, oldest first; a sentence when there is no room for it. */
  const withOpening = async (all: readonly Opening[], opening: Opening, ledger: LedgerContracts): Promise<Opening[] | string> => {
    const interval = roundOf(opening);
    const others = all.filter((one) => nameOf(one) !== nameOf(opening));
    const rivals = others.filter((one) => roundOf(one) === interval);
    let given: Opening | undefined;
    if (rivals.length >= KEPT_OF_INTERVAL) {
      const root = (await options.rootOnChain?.(ledger, interval)) ?? null;
      if (root === null || root !== rootOf(opening))
        return `${rivals.length} others of interval ${interval} are here already, and ${root === null ? 'no node of the chain says' : 'the chain does not say'} that it is the one that counts`;
      given = rivals[0];
    }
    const next = [...others.filter((one) => one !== given), opening].sort((a, b) => roundOf(a) - roundOf(b));
    const first = intervalsOf(next).at(-KEPT_INTERVALS) ?? 0;
    return next.filter((one) => roundOf(one) >= first);
  };

  const take = async (memberId: string, payload: Buffer | string): Promise<OpeningReceipt | null> => {
    const holder = holders.get(memberId);
    if (!holder) return null;
    const sealed = SealedOpening.safeParse(jsonOf(payload.toString()));
    if (!sealed.success) {
      options.onProblem?.(`an opening for ${memberId} was not understood and ignored`);
      return null;
    }
    const ledger = options.ledger(memberId);
    const now = options.clock();
    if (!ledger || !now) {
      early.set(memberId, payload);
      return null;
    }
    const { interval } = sealed.data;
    const opening = judge(holder, sealed.data, ledger, Math.floor(now.plantTimeMs / now.intervalMs));
    const next = typeof opening === 'string' ? opening : await withOpening(kept.get(memberId) ?? [], opening, ledger);
    if (typeof next === 'string') {
      options.onProblem?.(`the opening of interval ${interval} for ${memberId} was refused: ${next}`);
      return { schema: 'opening-receipt/1', interval, result: 'refused', reason: next.slice(0, 400) };
    }
    const folder = memberFolder(options.dir, memberId);
    // The earlier ones first: killed in between, none is lost.
    await writeMemberFile(folder, 'earlierOpenings', { schema: 'openings-file/1', openings: next.slice(0, -1) });
    await writeMemberFile(folder, 'opening', next.at(-1) as Opening);
    kept.set(memberId, next);
    return { schema: 'opening-receipt/1', interval, result: 'kept' };
  };

  /** One at a time and with a pause: checking takes tens of milliseconds, and the field's devices run in the same process. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = (memberId: string, payload: Buffer | string): Promise<OpeningReceipt | null> => {
    const next = turn.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return take(memberId, payload);
    });
    turn = next.catch(() => undefined);
    return next;
  };

  return {
    has: (memberId) => holders.has(memberId),
    announcement(memberId) {
      const found = announcements.get(memberId);
      if (!found) throw new Error(`no sealing key was made for ${memberId}`);
      return found;
    },
    take: inTurn,
    async commissioned() {
      const waiting = [...early];
      early.clear();
      const answers: { memberId: string; receipt: OpeningReceipt }[] = [];
      for (const [memberId, payload] of waiting) {
        const receipt = await inTurn(memberId, payload);
        if (receipt) answers.push({ memberId, receipt });
      }
      return answers;
    },
  };
}

const roundOf = (opening: Opening): number => Number(opening.line.round);
/** Ascending, each once. */
const intervalsOf = (openings: readonly Opening[]): number[] => [...new Set(openings.map(roundOf))].sort((a, b) => a - b);
const rootOf = ({ line }: Opening): bigint => BigInt((line.publicSignals as readonly string[])[PUBLIC_SIGNALS.indexOf('newRoot')] ?? 0);
/** What it says of the chain: its interval and the root its account lies under. */
const nameOf = (opening: Opening): string => `${roundOf(opening)} ${rootOf(opening)}`;

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
