/** Auctions of energy tokens; the winner gets a connection. */
import { Energy, Price } from '../../components/Num.tsx';
import { Empty, Panel } from '../../components/Page.tsx';
import { Table } from '../../components/Table.tsx';
import { Time } from '../../components/Time.tsx';
import { type Act, ActButton, percent, type Wallet, Who } from './TradeParts.tsx';

type Auction = Wallet['auctions'][number];
const STATE: Record<Exclude<Auction['state'], 'open'>, string> = { over: 'Time is over', settled: 'Settled' };

export function AuctionsPanel({ w, act }: { w: Wallet; act: Act }) {
  return (
    <Panel title="Auctions" flush>
      {w.auctions.length === 0 ? (
        <Empty what="No auction is running." how="“Auction energy…” above starts one; the highest bid opens a connection." />
      ) : (
        <Table
          caption="Auctions"
          dense
          maxHeight={260}
          rows={w.auctions}
          keyOf={(a) => String(a.id)}
          columns={[
            { id: 'i', head: 'No.', cell: (a) => a.id, sort: (a) => a.id },
            { id: 's', head: 'Seller', cell: (a) => <Who trader={a.seller} mine={a.mine} /> },
            { id: 'e', head: 'Energy', align: 'right', cell: (a) => <Energy wh={a.energyWh} decimals={3} />, sort: (a) => a.energyWh },
            { id: 'h', head: 'Highest bid', align: 'right', cell: (a) => (a.highest ? <Price value={a.highest.price} /> : 'none') },
            { id: 'b', head: 'Bidder', cell: (a) => (a.highest ? <Who trader={a.highest.bidder} mine={a.highest.mine} /> : '—') },
            { id: 'f', head: 'Fee, on closing', cell: (a) => `${percent(a.feeBps)}, ${percent(a.closeBps)} of the rest` },
            { id: 'x', head: 'Ends', cell: (a) => (a.state === 'open' ? <Time ms={a.endsMs} kind="dayMinute" /> : STATE[a.state]) },
            { id: 'a', head: 'Act', cell: (a) => <AuctionActs a={a} act={act} /> },
          ]}
        />
      )}
    </Panel>
  );
}

function AuctionActs({ a, act }: { a: Auction; act: Act }) {
  if (a.state === 'over')
    return <ActButton of={`auction ${a.id}`} act={act} label="End…" start={{ kind: 'settle-auction', auction: a.id }} />;
  if (a.state !== 'open' || a.mine) return null;
  return (
    <ActButton
      of={`auction ${a.id}`}
      act={act}
      label="Bid…"
      disabled={a.highest?.mine === true}
      title={a.highest?.mine ? 'The highest bid is this member’s.' : undefined}
      start={{ kind: 'bid', auction: a.id, energyWh: a.energyWh, leastPrice: a.leastPrice }}
    />
  );
}
