/** What waits for one account in trade: things only it can do, or that nobody else has done yet. The most urgent first. */
import type { CallOutput } from '../../../shared/contract/contract.ts';
import { energy, money, price } from '../../app/format.ts';
import type { Start } from './wallet-act.ts';

type Wallet = CallOutput<'wallet.get'>;
type Deal = Wallet['deals'][number];
export interface Wait {
  readonly key: string;
  readonly text: string;
  /** On the button. */
  readonly label: string;
  readonly start: Start;
  /** After that it is too late; null when it can wait. */
  readonly untilMs: number | null;
}

export const nameOf = (party: { address: string; name: string | null } | null): string =>
  party === null ? 'nobody' : (party.name ?? `${party.address.slice(0, 8)}…`);

export function waitsFor(w: Wallet, currency: string): Wait[] {
  const list: Wait[] = [];
  const add = (key: string, text: string, label: string, start: Start, untilMs: number | null = null) =>
    list.push({ key, text, label, start, untilMs });
  for (const d of w.deals) {
    if (d.role === 'seller') forSeller(d, w.chainTimeMs, add, currency);
    if (d.role === 'buyer') forBuyer(d, add);
    if (d.role !== 'none') forBoth(d, w.chainTimeMs, add);
    else if (w.arbiter) forArbiter(d, w.chainTimeMs, add, currency);
  }
  for (const a of w.auctions)
    if (a.state === 'over' && (a.mine || a.highest?.mine === true || a.highest === null))
      add(
        `auction ${a.id}`,
        a.highest === null
          ? `The time of auction ${a.id} is over and nobody has bid. Ending it returns ${energy(a.energyWh, 3)}.`
          : `The time of auction ${a.id} is over. ${a.highest.mine ? 'This member' : nameOf(a.highest.bidder)} wins at ${price(a.highest.price)}.`,
        'End…',
        { kind: 'settle-auction', auction: a.id },
      );
  for (const g of w.groups) {
    if (g.mineWh === 0) continue;
    const own = energy(g.mineWh, 3);
    if (g.state === 'reached')
      add(
        `group ${g.id}`,
        `Group ${g.id} has reached its target of ${energy(g.targetWh, 3)}; somebody has to buy.`,
        'Buy…',
        { kind: 'execute-group', group: g.id },
        g.deadlineMs,
      );
    else if (g.state === 'bought')
      add(`group ${g.id}`, `Group ${g.id} has bought; ${own} of it lie there for this member.`, 'Take…', {
        kind: 'claim-group',
        group: g.id,
      });
    else if (g.state === 'over')
      add(`group ${g.id}`, `Group ${g.id} did not buy in time. What was set aside for ${own} can be taken back.`, 'Leave…', {
        kind: 'leave-group',
        group: g.id,
      });
  }
  for (const o of w.offers)
    if (o.mine && o.state === 'expired')
      add(`offer ${o.id}`, `Offer ${o.id} has expired; what was set aside for ${energy(o.leftWh, 3)} can be taken back.`, 'Close…', {
        kind: 'close-offer',
        offer: o.id,
      });
  for (const venue of ['offers', 'deals'] as const) {
    const owed = w.owed[venue];
    if (owed !== null && owed !== '0')
      add(`owed ${venue}`, `The contract for ${venue} owes ${money(owed, 4)} ${currency} to this account.`, 'Withdraw…', {
        kind: 'withdraw',
        venue,
      });
  }
  return list.sort((a, b) => (a.untilMs ?? Number.MAX_SAFE_INTEGER) - (b.untilMs ?? Number.MAX_SAFE_INTEGER));
}

type Add = (key: string, text: string, label: string, start: Start, untilMs?: number | null) => void;

function forSeller(d: Deal, nowMs: number, add: Add, currency: string): void {
  const key = `deal ${d.id}`;
  const { schedule } = d;
  if (d.state === 'lapsed')
    add(key, `Nobody accepted proposal ${d.id} in time; its bond of ${money(d.bond, 4)} ${currency} is still set aside.`, 'Withdraw…', {
      kind: 'withdraw-proposal',
      deal: d.id,
    });
  if (d.state === 'open' && schedule?.next) {
    const { number, opensMs, closesMs } = schedule.next;
    const energyWh = d.energyWh / schedule.count;
    // Before its window nothing can be done, and nothing waits.
    if (opensMs <= nowMs)
      add(
        key,
        `Delivery ${number} of ${schedule.count} to ${nameOf(d.buyer)} is due: ${energy(energyWh, 3)}. Missing it costs the bond.`,
        'Deliver…',
        { kind: 'deliver', deal: d.id, energyWh, number, count: schedule.count },
        closesMs,
      );
  }
  if (d.payable > 0)
    add(
      `${key} paid`,
      `${d.payable === 1 ? 'One instalment' : `${d.payable} instalments`} of deal ${d.id} can be paid out: the day for disputes is over.`,
      'Pay out…',
      { kind: 'pay-instalments', deal: d.id },
    );
}

function forBuyer(d: Deal, add: Add): void {
  if (d.kind === 'connection' && d.state === 'open')
    add(
      `deal ${d.id}`,
      `${energy(d.energyWh - d.deliveredWh, 3)} of connection ${d.id} from ${nameOf(d.seller)} can be drawn.`,
      'Draw…',
      { kind: 'draw', connection: d.id, mostWh: d.energyWh - d.deliveredWh },
      d.untilMs,
    );
}

function forBoth(d: Deal, nowMs: number, add: Add): void {
  const key = `deal ${d.id}`;
  const over = d.untilMs !== null && d.untilMs <= nowMs;
  const missed = d.kind === 'deliveries';
  if (d.state === 'overdue')
    add(
      key,
      missed
        ? `Delivery ${d.schedule?.next?.number} of deal ${d.id} was missed. Ending the deal returns the price of the rest and gives the bond to the buyer.`
        : `The time of connection ${d.id} is over. Ending it returns what was not drawn.`,
      'End…',
      { kind: 'end-deal', deal: d.id, missed },
    );
  if (d.state === 'ended' && over)
    add(key, `Deal ${d.id} is over and nobody disputed it in time.`, 'Settle…', { kind: 'settle-deal', deal: d.id });
  if (d.state === 'disputed' && over)
    add(key, `The arbiter did not decide over deal ${d.id} in time; it goes by the record.`, 'Settle…', {
      kind: 'settle-deal',
      deal: d.id,
    });
  for (const i of d.instalments)
    if (i.state === 'disputed' && i.untilMs !== null && i.untilMs <= nowMs)
      add(
        `${key} ${i.number}`,
        `The arbiter did not decide over instalment ${i.number} of deal ${d.id} in time; it is paid by the record.`,
        'Settle…',
        { kind: 'settle-deal', deal: d.id, instalment: i.number },
      );
}

function forArbiter(d: Deal, nowMs: number, add: Add, currency: string): void {
  const between = `${nameOf(d.seller)} (sells) and ${nameOf(d.buyer)} (buys)`;
  const why = (reason: string | null) => (reason ? `: “${reason}”` : '');
  if (d.state === 'disputed' && (d.untilMs === null || d.untilMs > nowMs)) {
    const about = d.defaulted
      ? 'the bond of a missed delivery'
      : d.kind === 'connection'
        ? 'what was drawn and the closing part'
        : 'the closing part';
    add(
      `judge ${d.id}`,
      `Dispute over ${about} of deal ${d.id} between ${between}${why(d.reason)}.`,
      'Decide…',
      { kind: 'resolve-dispute', deal: d.id, about: `${about} of deal ${d.id}, ${between}`, reason: d.reason },
      d.untilMs,
    );
  }
  const one = d.schedule ? (BigInt(d.energyWh) / BigInt(d.schedule.count)) * BigInt(d.price) : 0n;
  for (const i of d.instalments)
    if (i.state === 'disputed' && (i.untilMs === null || i.untilMs > nowMs))
      add(
        `judge ${d.id} ${i.number}`,
        `Dispute over instalment ${i.number} of deal ${d.id} (${money(one, 4)} ${currency}) between ${between}${why(i.reason)}.`,
        'Decide…',
        {
          kind: 'resolve-dispute',
          deal: d.id,
          instalment: i.number,
          about: `instalment ${i.number} of deal ${d.id}, ${money(one, 4)} ${currency}, ${between}`,
          reason: i.reason,
        },
        i.untilMs,
      );
}
