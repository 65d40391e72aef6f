/**
 * What a gateway does with its member's openings: it names the key they are sealed for, opens and checks each one as the member itself
 * would, and says that it has it only when it is on its own disk. `busbar member exit` takes the one that leads to the chain's root.
 *
 * A line that adds up need not be of a round on the chain, and the clock that tells which intervals have begun is the operator's. So what stays is
 * decided by the chain where the member gave its gateway a node: a line whose root the chain has after its interval gives way only to lines of newer
 * intervals that the chain confirms, too, and none is dropped before the chain was asked about it. Lines that it does not confirm, or all without
 * a node, have places of their own: those of the newest intervals, and behind them the last ones that came or were pushed out, whatever their
 * interval, so that no line is refused because newer ones are here. Without a node that only makes it longer: false lines of enough intervals push the good one out.
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
import { arranged, type Kept, nameOf, newestOf, rootOf, roundOf } from './kept-openings.ts';
import { memberFolder, readMemberFile, type SealingKeyFile, writeMemberFile } from './member-folder.ts';
import type { SigningKey } from './signer.ts';
import { turns } from './turns.ts';

/**
 * Unconfirmed lines of one interval that contradict one another, because one is false or because the chain forgot the round and it was settled anew.
 * One that is here gives way to no word of the operator's, who could wipe the good one with false ones.
 */
const KEPT_OF_INTERVAL = 4;
/** Openings of one member that may wait for their check, the newest; each takes tens of milliseconds, or as long as the node takes to answer. */
const MOST_WAITING = 8;

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
  /** The accounts' root that the chain has after an interval, 0: none; null: there is no node to ask, or it does not answer. */
  rootOnChain?: (ledger: LedgerContracts, interval: number) => Promise<bigint | null>;
  onProblem?: (sentence: string) => void;
  monotonicMs?: () => number;
}): Promise<OpeningKeeper> {
  const holders = new Map(options.holders.map((h) => [h.memberId, h]));
  const keys = new Map<string, SealingKeyFile>();
  const announcements = new Map<string, MemberSealingKey>();
  const kept = new Map<string, Kept>();
  const rootOnChain = rememberedRoots(options.rootOnChain, options.monotonicMs ?? (() => performance.now()));
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
    const { openings = [], confirmed = [] } = readMemberFile(folder, 'earlierOpenings') ?? {};
    // Killed between its two files, a gateway has the one before in both.
    const all = newest ? [...openings.filter((one) => nameOf(one) !== nameOf(newest)), newest] : openings;
    kept.set(memberId, arranged(all, new Set(confirmed)));
  }

  const judge = (holder: OpeningHolder, sealed: SealedOpening, ledger: LedgerContracts, running: number): Opening | string => {
    const { memberId, meterId, key } = holder;
    if (sealed.member !== memberId) return `it is for ${sealed.member}, not for ${memberId}`;
    const settlement = ledger.contracts.Settlement?.toLowerCase() ?? '';
    if (sealed.chainId !== ledger.chainId || sealed.settlement.toLowerCase() !== settlement)
      return 'it is of another ledger than the one this gateway was commissioned with';
    if (sealed.interval > running) return `it is of interval ${sealed.interval}, which has not begun: interval ${running} runs now`;
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

  /** What to keep from now on; a sentence when there is no room for it. */
  const withOpening = async (before: Kept, opening: Opening, ledger: LedgerContracts): Promise<Kept | string> => {
    const confirmed = new Set(before.confirmed);
    /** What the chain confirmed stays so when nobody can be asked. */
    const ask = async (one: Opening): Promise<bigint | null> => {
      const root = await rootOnChain(ledger, roundOf(one));
      if (root !== 0n && root === rootOf(one)) confirmed.add(nameOf(one));
      return root;
    };
    const root = confirmed.has(nameOf(opening)) ? rootOf(opening) : await ask(opening);
    const others = before.openings.filter((one) => nameOf(one) !== nameOf(opening));
    const interval = roundOf(opening);
    const rivals = others.filter((one) => roundOf(one) === interval);
    if (confirmed.has(nameOf(opening))) for (const rival of rivals) confirmed.delete(nameOf(rival));
    else if (rivals.filter((one) => !confirmed.has(nameOf(one))).length >= KEPT_OF_INTERVAL)
      return `${rivals.length} others of interval ${interval} are here already, and ${root === null ? 'no node of the chain says' : 'the chain does not say'} that it is the one that counts`;
    const all = [...others, opening];
    const lost = ({ openings }: Kept): Opening[] => all.filter((one) => !openings.includes(one) && !confirmed.has(nameOf(one)));
    for (const one of lost(arranged(all, confirmed))) await ask(one);
    return arranged(all, confirmed);
  };

  const take = async (holder: OpeningHolder, sealed: SealedOpening, payload: Buffer | string): Promise<OpeningReceipt | null> => {
    const { memberId } = holder;
    const ledger = options.ledger(memberId);
    const now = options.clock();
    if (!ledger || !now) {
      early.set(memberId, payload);
      return null;
    }
    const { interval } = sealed;
    const opening = await checks.inTurn(() => judge(holder, sealed, ledger, Math.floor(now.plantTimeMs / now.intervalMs)));
    const before = kept.get(memberId) ?? arranged([], new Set());
    const next = typeof opening === 'string' ? opening : await withOpening(before, opening, ledger);
    if (typeof next === 'string') return refused(memberId, interval, next);
    const folder = memberFolder(options.dir, memberId);
    const newest = newestOf(next);
    const openings = next.openings.filter((one) => one !== newest);
    // The earlier ones first: killed in between, none is lost.
    await writeMemberFile(folder, 'earlierOpenings', { schema: 'openings-file/1', openings, confirmed: [...next.confirmed] });
    await writeMemberFile(folder, 'opening', newest);
    kept.set(memberId, next);
    return { schema: 'opening-receipt/1', interval, result: 'kept' };
  };
  const refused = (memberId: string, interval: number, reason: string): OpeningReceipt => {
    options.onProblem?.(`the opening of interval ${interval} for ${memberId} was refused: ${reason}`);
    return { schema: 'opening-receipt/1', interval, result: 'refused', reason: reason.slice(0, 400) };
  };

  /** All members' checks, one at a time and with a pause: the field's devices run in the same process. Nobody waits for a node in it. */
  const checks = turns(() => new Promise((resolve) => setTimeout(resolve, 20)));
  /** A member's openings follow one another; however many they are, they hold up nobody else's. */
  const ofMember = new Map(options.holders.map(({ memberId }) => [memberId, turns(undefined, MOST_WAITING)]));
  const inTurn = async (memberId: string, payload: Buffer | string): Promise<OpeningReceipt | null> => {
    const holder = holders.get(memberId);
    if (!holder) return null;
    const sealed = SealedOpening.safeParse(jsonOf(payload.toString()));
    if (!sealed.success) {
      options.onProblem?.(`an opening for ${memberId} was not understood and ignored`);
      return null;
    }
    const { data } = sealed;
    const tooMany = () => refused(memberId, data.interval, `${MOST_WAITING} that came after it wait for their check already`);
    return (await ofMember.get(memberId)?.inTurn(() => take(holder, data, payload), tooMany)) ?? null;
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

const REMEMBERED_MS = 10_000;
const REMEMBERED_ROOTS = 64;
type AskRoot = (ledger: LedgerContracts, interval: number) => Promise<bigint | null>;

/** Asks once for all members and for a while; a node that did not answer is left alone for a while, too. */
function rememberedRoots(ask: AskRoot | undefined, monotonicMs: () => number): AskRoot {
  const roots = new Map<string, { atMs: number; root: Promise<bigint | null> }>();
  let silentUntilMs = Number.NEGATIVE_INFINITY;
  return async (ledger, interval) => {
    if (!ask) return null;
    const key = `${ledger.chainId} ${ledger.contracts.Settlement} ${interval}`;
    const known = roots.get(key);
    if (known && monotonicMs() - known.atMs < REMEMBERED_MS) return known.root;
    if (monotonicMs() < silentUntilMs) return null;
    const root = ask(ledger, interval)
      .catch(() => null)
      .then((answer) => {
        if (answer === null) silentUntilMs = monotonicMs() + 3 * REMEMBERED_MS;
        return answer;
      });
    roots.delete(key);
    roots.set(key, { atMs: monotonicMs(), root });
    for (const oldest of [...roots.keys()].slice(0, -REMEMBERED_ROOTS)) roots.delete(oldest);
    return root;
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
