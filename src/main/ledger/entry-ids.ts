/** How entries of a round are called in the outbox: commit:1942810, settle:1942810, and settle:1942810:2 for the third part of several. */

/** @param parts of a round, by the ledger's layout */
export const entryId = (kind: 'admit' | 'settle', interval: number, part: number, parts: number): string =>
  parts === 1 ? `${kind}:${interval}` : `${kind}:${interval}:${part}`;
/** The entry with which the round is admitted, or settled, as a whole. */
export const lastEntryId = (kind: 'admit' | 'settle', interval: number, parts: number): string => entryId(kind, interval, parts - 1, parts);
/** The interval of an entry that has no parts. */
export const intervalOf = (id: string): number => Number(id.slice(id.indexOf(':') + 1));
