/** One deal: its terms, and each delivery with when it was made, until when it can be disputed, and what it paid. */
import { energy, fixed, money } from '../../app/format.ts';
import { useCurrency } from '../../app/session.ts';
import { Facts, State } from '../../components/Facts.tsx';
import { Table } from '../../components/Table.tsx';
import { Time } from '../../components/Time.tsx';
import { mayDispute } from './DealActs.tsx';
import { type Deal, whatOf } from './DealsPanel.tsx';
import { type Act, ActButton, percent, recordOf, type Wallet } from './TradeParts.tsx';
import { nameOf } from './waits.ts';

type Instalment = Deal['instalments'][number];

export function DealDetail({ d, w, act }: { d: Deal; w: Wallet; act: Act }) {
  const currency = useCurrency();
  const coin = (amount: string) => `${money(amount, 4)} ${currency}`;
  const { schedule } = d;
  return (
    <section className="trade-detail stack" aria-label={`Deal ${d.id}`}>
      <div className="row between">
        <h3>
          Deal {d.id}: {whatOf(d).toLowerCase()}, {nameOf(d.seller)} to {nameOf(d.buyer)}
        </h3>
        {mayDispute(d, w.chainTimeMs) && (
          <ActButton act={act} label="Dispute the deal…" start={{ kind: 'dispute', deal: d.id, stops: d.state !== 'ended' }} />
        )}
      </div>
      <Facts
        columns={2}
        facts={[
          ['Seller’s record', recordOf(d.seller.standing)],
          ['Buyer’s record', d.buyer === null ? '—' : recordOf(d.buyer.standing)],
          ['Fee, fixed when agreed', `${percent(d.feeBps)} of what is paid to the seller`],
          ['When the buyer stops', `the seller keeps ${percent(d.closeBps)} of the price of the rest`],
          ...(schedule
            ? ([
                ['Bond of the seller', `${coin(d.bond)}, the buyer’s if a delivery is missed`],
                [
                  'Schedule',
                  schedule.count === 1
                    ? `within ${fixed(schedule.windowS / 60, 0)} min`
                    : `every ${fixed(schedule.periodS / 3600, 1)} h, within ${fixed(schedule.windowS / 60, 0)} min`,
                ],
              ] as const)
            : []),
          ...(d.reason ? ([['Reason of the dispute', d.reason]] as const) : []),
        ]}
      />
      {schedule && d.instalments.length === 0 && (
        <p className="dim">Nothing was delivered yet. Each delivery appears here with its payment.</p>
      )}
      {d.instalments.length > 0 && schedule && (
        <Table
          caption={`Instalments of deal ${d.id}`}
          dense
          maxHeight={240}
          rows={d.instalments}
          keyOf={(i) => String(i.number)}
          columns={[
            { id: 'n', head: 'Delivery', cell: (i) => `${i.number} of ${schedule.count}` },
            { id: 'm', head: 'Made', cell: (i) => <Time ms={i.madeMs} kind="dayMinute" /> },
            { id: 'e', head: 'Energy', align: 'right', cell: () => energy(d.energyWh / schedule.count, 3) },
            { id: 's', head: 'State', cell: (i) => <InstalmentState i={i} nowMs={w.chainTimeMs} /> },
            { id: 'p', head: 'To the seller', align: 'right', cell: (i) => (i.paid ? coin(i.paid.toSeller) : '—') },
            { id: 'b', head: 'To the buyer', align: 'right', cell: (i) => (i.paid ? coin(i.paid.toBuyer) : '—') },
            { id: 'f', head: 'Fee', align: 'right', cell: (i) => (i.paid ? coin(i.paid.fee) : '—') },
            {
              id: 'a',
              head: 'Act',
              cell: (i) =>
                d.role === 'buyer' && i.state === 'made' && i.untilMs !== null && i.untilMs > w.chainTimeMs ? (
                  <ActButton
                    of={`instalment ${i.number}`}
                    act={act}
                    label="Dispute…"
                    start={{ kind: 'dispute', deal: d.id, instalment: i.number, stops: false }}
                  />
                ) : null,
            },
          ]}
        />
      )}
    </section>
  );
}

function InstalmentState({ i, nowMs }: { i: Instalment; nowMs: number }) {
  const until = <Time ms={i.untilMs} kind="dayMinute" />;
  if (i.state === 'paid') return <State kind="good">Paid</State>;
  if (i.state === 'disputed')
    return (
      <State kind="bad">
        Disputed{i.reason ? `: ${i.reason}` : ''}; arbiter until {until}
      </State>
    );
  return i.untilMs !== null && i.untilMs <= nowMs ? (
    <State kind="work">Can be paid now</State>
  ) : (
    <State kind="wait">Paid from {until}</State>
  );
}
