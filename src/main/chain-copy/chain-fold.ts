/**
 * A picture of the chain folded from the indexed copy of its events, kept in memory only. It goes forward event by event; when the copy went
 * back to an older block (the chain changed its past) the picture is made anew, so it can never disagree with the events.
 */
import type { Store } from '../kernel/ports.ts';
import type { ChainEvent } from '../wallet/chain-events.ts';

export interface ChainFold<S> {
  /** The picture at the height of the copy. */
  now(): S;
}
interface Tip {
  height: number;
  hash: string;
}

export function createChainFold<S>(
  store: Pick<Store, 'read'>,
  options: { contracts: readonly string[]; empty: () => S; apply: (picture: S, event: ChainEvent) => void },
): ChainFold<S> {
  const { contracts, empty, apply } = options;
  const db = store.read;
  const newest = db.prepare('SELECT height, hash FROM chain_block ORDER BY height DESC LIMIT 1');
  const hashAt = db.prepare('SELECT hash FROM chain_block WHERE height = ?');
  const events = db.prepare(
    `SELECT block, contract, name, arguments, transaction_hash AS "transaction", time_s AS timeS FROM chain_event
     WHERE contract IN (${contracts.map(() => '?').join(', ')}) AND block > ? ORDER BY block, log_index`,
  );
  let at: Tip | null = null;
  let picture = empty();
  return {
    now() {
      const tip = newest.get() as Tip | undefined;
      if (tip?.height === at?.height && tip?.hash === at?.hash) return picture;
      const goesOn = at !== null && (hashAt.get(at.height) as { hash: string } | undefined)?.hash === at.hash;
      if (!goesOn) picture = empty();
      const after = goesOn && at ? at.height : -1;
      for (const row of events.iterate(...contracts, after)) {
        const { arguments: text, ...event } = row as Omit<ChainEvent, 'args'> & { arguments: string };
        apply(picture, { ...event, args: JSON.parse(text) as Record<string, string> });
      }
      at = tip ?? null;
      return picture;
    },
  };
}

/** A struct in an event's arguments: its fields in order. */
export const fieldsOf = (text: string | undefined): string[] => {
  const parsed: unknown = JSON.parse(text ?? '[]');
  return Array.isArray(parsed) ? parsed.map(String) : [];
};
export const sameAccount = (a: string | undefined, b: string | null | undefined): boolean =>
  a !== undefined && b !== null && b !== undefined && a.toLowerCase() === b.toLowerCase();
/** A short text in 32 bytes, or the bytes in hex when it is not one (a hash). */
export function shortText(bytes: string | undefined): string {
  if (!bytes || /^0x0*$/.test(bytes)) return '';
  const text = Buffer.from(bytes.slice(2), 'hex').toString('utf8').replace(/\0+$/, '');
  return /^[\p{L}\p{N}\p{P}\p{Zs}+]+$/u.test(text) ? text : bytes;
}
