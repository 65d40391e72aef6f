/** Connections and agreed deliveries: what runs, what is proposed, and one deal's instalments. */
import { useState } from 'react';
import { fixed, money } from '../../app/format.ts';
import { useCurrency } from '../../app/session.ts';
import { Plain, Price } from '../../components/Num.tsx';
import { Empty, Panel } from '../../components/Page.tsx';
import { Table } from '../../components/Table.tsx';
import { Time } from '../../components/Time.tsx';
import { DealActs } from './DealActs.tsx';
import { DealDetail } from './DealDetail.tsx';
import { type Act, type Wallet, Who } from './TradeParts.tsx';

export type Deal = Wallet['deals'][number];

export const whatOf = (d: Deal): string =>
  d.kind === 'connection' ? 'Connection' : d.schedule?.count === 1 ? 'One delivery' : `${d.schedule?.count} deliveries`;

export function stateOf(d: Deal) {
  const until = d.untilMs === null ? null : <Time ms={d.untilMs} kind="dayMinute" />;
  const waiting = d.instalments.filter((i) => i.state !== 'paid').length;
  switch (d.state) {
    case 'proposed':
      return <>Open to accept until {d.schedule && <Time ms={d.schedule.startsMs} kind="dayMinute" />}</>;
    case 'lapsed':
      return 'Nobody accepted in time';
    case 'open':
      if (d.kind === 'connection') return <>Runs until {until}</>;
      return d.schedule?.next ? (
        <>
          No. {d.schedule.next.number} from <Time ms={d.schedule.next.opensMs} kind="dayMinute" />
        </>
      ) : (
        'Runs'
      );
    case 'overdue':
      return d.kind === 'connection' ? 'Time is over' : `No. ${d.schedule?.next?.number} was missed`;
    case 'ended':
      return (
        <>
          Over{d.defaulted ? ', one missed' : d.closedByBuyer ? ', stopped' : ''}; disputes until {until}
        </>
      );
    case 'disputed':
      return <>Disputed; the arbiter has until {until}</>;
    case 'settled':
      return waiting === 0 ? 'Settled' : `Over; ${waiting === 1 ? 'one instalment' : `${waiting} instalments`} to be paid`;
    case 'withdrawn':
      return 'Withdrawn';
  }
}

export function DealsPanel({ w, act }: { w: Wallet; act: Act }) {
  const currency = useCurrency();
  const [opened, setOpened] = useState<number | null>(null);
  const shown = w.deals.find((d) => d.id === opened);
  return (
    <Panel
      title="Deliveries and connections"
      note={w.deals.length === 0 ? undefined : 'select one for its terms, instalments and disputes'}
      flush
    >
      {w.deals.length === 0 ? (
        <Empty
          what="Nothing is agreed and nothing is proposed."
          how="“Propose deliveries…” offers energy at fixed times; whoever wins an auction gets a connection to draw from."
        />
      ) : (
        <Table
          caption="Deliveries and connections"
          dense
          maxHeight={340}
          rows={w.deals}
          keyOf={(d) => String(d.id)}
          onOpen={(d) => setOpened(d.id === opened ? null : d.id)}
          openKey={opened === null ? null : String(opened)}
          columns={[
            { id: 'i', head: 'No.', cell: (d) => d.id, sort: (d) => d.id },
            { id: 'w', head: 'What', cell: (d) => <span className="nowrap">{whatOf(d)}</span> },
            {
              id: 'r',
              head: 'Role',
              cell: (d) => (d.role === 'seller' ? 'Sells' : d.role === 'buyer' ? 'Buys' : '—'),
              sort: (d) => d.role,
            },
            { id: 'p', head: 'Partner', cell: (d) => <Who trader={d.role === 'seller' ? d.buyer : d.seller} /> },
            {
              id: 'd',
              head: 'Delivered',
              align: 'right',
              cell: (d) => <Plain text={`${fixed(d.deliveredWh / 1000, 3)} of ${fixed(d.energyWh / 1000, 3)}`} unit="kWh" />,
            },
            { id: 'c', head: 'Price', align: 'right', cell: (d) => <Price value={d.price} />, sort: (d) => d.price },
            {
              id: 'h',
              head: 'In escrow',
              align: 'right',
              cell: (d) => <Plain text={money(d.held, 4)} unit={currency} title={`${d.held} micro-cents`} />,
            },
            { id: 's', head: 'State', cell: stateOf },
            { id: 'a', head: 'Act', cell: (d) => <DealActs d={d} act={act} nowMs={w.chainTimeMs} /> },
          ]}
        />
      )}
      {shown && <DealDetail d={shown} w={w} act={act} />}
    </Panel>
  );
}
