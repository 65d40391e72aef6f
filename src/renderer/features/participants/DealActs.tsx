/** What this account can do with a deal now. A press inside a row does not open it. */
import type { CallOutput } from '../../../shared/contract/contract.ts';
import { type Act, ActButton } from './TradeParts.tsx';

type Deal = CallOutput<'wallet.get'>['deals'][number];

export function DealActs({ d, act, nowMs }: { d: Deal; act: Act; nowMs: number }) {
  const { schedule } = d;
  const party = d.role !== 'none';
  const deal = d.id;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: it only keeps presses of its buttons from the row
    <span className="row trade-acts" onClick={(e) => e.stopPropagation()}>
      {d.state === 'proposed' && d.role === 'none' && schedule && (
        <ActButton
          of={`deal ${deal}`}
          act={act}
          label="Accept…"
          start={{ kind: 'accept-delivery', deal, energyWh: d.energyWh, price: d.price, count: schedule.count }}
        />
      )}
      {(d.state === 'proposed' || d.state === 'lapsed') && d.role === 'seller' && (
        <ActButton of={`deal ${deal}`} act={act} label="Withdraw…" start={{ kind: 'withdraw-proposal', deal }} />
      )}
      {d.state === 'open' && d.role === 'seller' && schedule?.next && (
        <ActButton
          of={`deal ${deal}`}
          act={act}
          label="Deliver…"
          disabled={schedule.next.opensMs > nowMs}
          title={schedule.next.opensMs > nowMs ? 'Its window is not open yet.' : undefined}
          start={{
            kind: 'deliver',
            deal,
            energyWh: d.energyWh / schedule.count,
            number: schedule.next.number,
            count: schedule.count,
          }}
        />
      )}
      {d.kind === 'connection' && d.state === 'open' && d.role === 'buyer' && (
        <>
          <ActButton
            of={`deal ${deal}`}
            act={act}
            label="Draw…"
            start={{ kind: 'draw', connection: deal, mostWh: d.energyWh - d.deliveredWh }}
          />
          <ActButton
            of={`deal ${deal}`}
            act={act}
            label="Close…"
            start={{ kind: 'close-connection', connection: deal, closeBps: d.closeBps }}
          />
        </>
      )}
      {d.kind === 'deliveries' && d.state === 'open' && d.role === 'buyer' && (
        <ActButton
          of={`deal ${deal}`}
          act={act}
          label="Stop…"
          start={{ kind: 'stop-deliveries', deal, closeBps: d.closeBps, missed: false }}
        />
      )}
      {d.state === 'overdue' && party && (
        <ActButton of={`deal ${deal}`} act={act} label="End…" start={{ kind: 'end-deal', deal, missed: d.kind === 'deliveries' }} />
      )}
      {d.payable > 0 && party && <ActButton of={`deal ${deal}`} act={act} label="Pay out…" start={{ kind: 'pay-instalments', deal }} />}
      {(d.state === 'ended' || d.state === 'disputed') && party && d.untilMs !== null && d.untilMs <= nowMs && (
        <ActButton of={`deal ${deal}`} act={act} label="Settle…" start={{ kind: 'settle-deal', deal }} />
      )}
    </span>
  );
}

/** A connection while it runs by its buyer, which stops it; anything that has ended by its buyer for a day, and by a seller who lost a bond. */
export const mayDispute = (d: Deal, nowMs: number): boolean =>
  d.state === 'ended'
    ? (d.role === 'buyer' || (d.role === 'seller' && d.defaulted)) && (d.untilMs === null || d.untilMs > nowMs)
    : d.kind === 'connection' && d.role === 'buyer' && (d.state === 'open' || d.state === 'overdue');
