/** Offers of energy tokens and the groups that buy from them. */
import { energy, fixed } from '../../app/format.ts';
import { Energy, Plain, Price } from '../../components/Num.tsx';
import { Empty, Panel } from '../../components/Page.tsx';
import { Table } from '../../components/Table.tsx';
import { Time } from '../../components/Time.tsx';
import { type Act, ActButton, percent, type Wallet, Who } from './TradeParts.tsx';
import { METRICS } from './wallet-act.ts';

type Offer = Wallet['offers'][number];
type Group = Wallet['groups'][number];

/** What an offer asks of the grid or of its taker; empty when nothing. */
export function conditionsOf(o: Offer): string[] {
  const list: string[] = [];
  if (o.gridBalanced) list.push(o.side === 'sell' ? 'while demand exceeds supply' : 'while supply exceeds demand');
  if (o.condition) {
    const { label, unit, factor } = METRICS[o.condition.metric];
    list.push(`${label.toLowerCase()} ${o.condition.atLeast ? 'at least' : 'at most'} ${fixed(o.condition.threshold / factor, 2)} ${unit}`);
  }
  if (o.partner) list.push(o.forMe && !o.mine ? 'only for this member' : `only for ${o.partner.name ?? o.partner.address.slice(0, 8)}`);
  if (o.paidIn === 'credits') list.push('paid in carbon credits');
  return list;
}

/** Why an offer cannot be taken here; undefined when it can. */
const obstacle = (o: Offer): string | undefined =>
  !o.forMe
    ? 'It is kept for another account.'
    : o.paidIn === 'credits'
      ? 'It is paid in carbon credits, which this account does not trade here.'
      : undefined;
const forGroups = (o: Offer): boolean =>
  o.side === 'sell' && o.state === 'open' && o.paidIn === 'money' && !o.gridBalanced && o.condition === null && o.partner === null;

export function OffersPanel({ w, act }: { w: Wallet; act: Act }) {
  return (
    <Panel title="Offers" note={w.fees ? `fee ${percent(w.fees.tradeBps)} of the price, from the seller’s part` : undefined} flush>
      {w.offers.length === 0 ? (
        <Empty what="No offer is open." how="Place one above: it stays until somebody takes it, or until its time is over." />
      ) : (
        <Table
          caption="Offers of energy tokens"
          dense
          maxHeight={300}
          rows={w.offers}
          keyOf={(o) => String(o.id)}
          columns={[
            { id: 'i', head: 'No.', cell: (o) => o.id, sort: (o) => o.id },
            { id: 'm', head: 'By', cell: (o) => <Who trader={o.maker} mine={o.mine} /> },
            { id: 's', head: 'Side', cell: (o) => (o.side === 'buy' ? 'Buys' : 'Sells'), sort: (o) => o.side },
            { id: 'l', head: 'Left', align: 'right', cell: (o) => <Energy wh={o.leftWh} decimals={3} />, sort: (o) => o.leftWh },
            {
              id: 'p',
              head: 'Price',
              align: 'right',
              cell: (o) => (o.paidIn === 'money' ? <Price value={o.price} /> : <Plain text={fixed(o.price, 0)} unit="g/kWh" />),
              sort: (o) => o.price,
            },
            { id: 'c', head: 'Condition', cell: (o) => <span className="small">{conditionsOf(o).join('; ') || '—'}</span> },
            { id: 'x', head: 'Until', cell: (o) => (o.state === 'open' ? <Time ms={o.expiresMs} kind="dayMinute" /> : o.state) },
            { id: 'a', head: 'Act', cell: (o) => <OfferActs o={o} w={w} act={act} /> },
          ]}
        />
      )}
    </Panel>
  );
}

function OfferActs({ o, w, act }: { o: Offer; w: Wallet; act: Act }) {
  const minutes = Math.floor((o.expiresMs - w.chainTimeMs) / 60_000);
  const group = forGroups(o) && minutes >= 1 && (
    <ActButton
      of={`offer ${o.id}`}
      act={act}
      label="Group…"
      title="Open a group purchase of part of it"
      start={{ kind: 'open-group', offer: o.id, mostWh: o.leftWh, price: o.price, mostMinutes: minutes }}
    />
  );
  if (o.mine)
    return (
      <span className="row trade-acts">
        {(o.state === 'open' || o.state === 'expired') && (
          <ActButton of={`offer ${o.id}`} act={act} label="Close…" start={{ kind: 'close-offer', offer: o.id }} />
        )}
        {group}
      </span>
    );
  const side = o.side === 'sell' ? 'buy' : 'sell';
  return (
    <span className="row trade-acts">
      <ActButton
        of={`offer ${o.id}`}
        act={act}
        label={side === 'buy' ? 'Buy…' : 'Sell…'}
        title={obstacle(o)}
        disabled={obstacle(o) !== undefined}
        start={{ kind: 'take-offer', offer: o.id, side, mostWh: o.leftWh, price: o.price }}
      />
      {group}
    </span>
  );
}

const GROUP_STATE: Record<Group['state'], string> = { open: 'Open', reached: 'Target reached', bought: 'Bought', over: 'Over' };

export function GroupsPanel({ w, act }: { w: Wallet; act: Act }) {
  return (
    <Panel title="Group purchases" flush>
      {w.groups.length === 0 ? (
        <Empty what="No group is buying." how="“Group…” beside an open sale starts one; members then pledge until its target is reached." />
      ) : (
        <Table
          caption="Group purchases"
          dense
          maxHeight={260}
          rows={w.groups}
          keyOf={(g) => String(g.id)}
          columns={[
            { id: 'i', head: 'No.', cell: (g) => g.id, sort: (g) => g.id },
            { id: 's', head: 'Seller', cell: (g) => <Who trader={g.seller} mine={g.sellerIsMe} /> },
            { id: 'p', head: 'Price', align: 'right', cell: (g) => <Price value={g.price} />, sort: (g) => g.price },
            {
              id: 't',
              head: 'Pledged',
              align: 'right',
              cell: (g) => <Plain text={`${fixed(g.pledgedWh / 1000, 3)} of ${fixed(g.targetWh / 1000, 3)}`} unit="kWh" />,
            },
            { id: 'm', head: 'Own part', align: 'right', cell: (g) => (g.mineWh === 0 ? '—' : <Energy wh={g.mineWh} decimals={3} />) },
            {
              id: 'x',
              head: 'State',
              cell: (g) =>
                g.state === 'open' || g.state === 'reached' ? (
                  <>
                    {GROUP_STATE[g.state]}, until <Time ms={g.deadlineMs} kind="dayMinute" />
                  </>
                ) : (
                  GROUP_STATE[g.state]
                ),
            },
            { id: 'a', head: 'Act', cell: (g) => <GroupActs g={g} act={act} /> },
          ]}
        />
      )}
    </Panel>
  );
}

function GroupActs({ g, act }: { g: Group; act: Act }) {
  const left = g.targetWh - g.pledgedWh;
  return (
    <span className="row trade-acts">
      {g.state === 'open' && !g.sellerIsMe && (
        <ActButton
          of={`group ${g.id}`}
          act={act}
          label="Join…"
          title={`${energy(left, 3)} are missing`}
          start={{ kind: 'join-group', group: g.id, mostWh: left, price: g.price }}
        />
      )}
      {g.state === 'reached' && <ActButton of={`group ${g.id}`} act={act} label="Buy…" start={{ kind: 'execute-group', group: g.id }} />}
      {g.state === 'bought' && g.mineWh > 0 && (
        <ActButton of={`group ${g.id}`} act={act} label="Take…" start={{ kind: 'claim-group', group: g.id }} />
      )}
      {g.state !== 'bought' && g.mineWh > 0 && (
        <ActButton of={`group ${g.id}`} act={act} label="Leave…" start={{ kind: 'leave-group', group: g.id }} />
      )}
    </span>
  );
}
