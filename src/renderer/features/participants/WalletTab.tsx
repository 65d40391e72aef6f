/** A member's account on the chain: what it holds, what is under way, transfers, offers, auctions and connections. */
import { Button, NumberInput } from '@mantine/core';
import { useState } from 'react';
import type { CallOutput } from '../../../shared/contract/contract.ts';
import { fixed, money } from '../../app/format.ts';
import { useAct, useQuery } from '../../app/hooks.ts';
import { useCurrency, useMay } from '../../app/session.ts';
import { Confirm } from '../../components/Confirm.tsx';
import { Facts, Hash, State } from '../../components/Facts.tsx';
import { Energy, Money, Price } from '../../components/Num.tsx';
import { Answer } from '../../components/Page.tsx';
import { Table } from '../../components/Table.tsx';
import { Ago, Time } from '../../components/Time.tsx';
import { WalletDialog } from './WalletDialog.tsx';
import { microCents, type Start } from './wallet-act.ts';

type Wallet = CallOutput<'wallet.get'>;
type Act = (start: Start) => void;

const TRANSACTION: Record<Wallet['transactions'][number]['state'], readonly ['good' | 'work' | 'wait' | 'bad', string]> = {
  waiting: ['wait', 'Waits'],
  sending: ['work', 'Is sent'],
  sent: ['work', 'Sent'],
  final: ['good', 'Final'],
  failed: ['bad', 'Failed'],
};
const who = (party: { address: string; name: string | null }) => party.name ?? <Hash value={party.address} />;

export function WalletTab({ member }: { member: string }) {
  const query = useQuery('wallet.get', { member }, { refreshMs: 2000 });
  const [start, setStart] = useState<Start | null>(null);
  const [issuing, setIssuing] = useState(false);
  const { may, why } = useMay('wallet.act');
  const issue = useMay('wallet.issueMoney');
  return (
    <Answer query={query} rows={6}>
      {(w) => {
        const ready = w.address !== null && w.chainInStep;
        const blocked = w.address === null ? 'There is no account yet.' : w.chainInStep ? why : 'The chain is away.';
        const open: Act | null = may && ready ? setStart : null;
        const button = (label: string, to: Start) => (
          <Button key={label} style={{ flexShrink: 0 }} disabled={open === null} title={blocked} onClick={() => setStart(to)}>
            {label}
          </Button>
        );
        return (
          <div className="stack">
            <Holdings w={w} />
            <div className="row" style={{ flexWrap: 'wrap' }}>
              {button('Transfer…', { kind: 'transfer' })}
              {button('Place an offer…', { kind: 'place-offer' })}
              {button('Auction energy…', { kind: 'create-auction' })}
              {w.owed.offers !== null && w.owed.offers !== '0' && button('Withdraw from offers…', { kind: 'withdraw', venue: 'offers' })}
              {w.owed.deals !== null && w.owed.deals !== '0' && button('Withdraw from deals…', { kind: 'withdraw', venue: 'deals' })}
              <Button disabled={!issue.may || !ready} title={issue.may ? blocked : issue.why} onClick={() => setIssuing(true)}>
                Issue test money…
              </Button>
            </div>
            <Transactions w={w} />
            <Offers w={w} act={open} />
            <Auctions w={w} act={open} />
            <Connections w={w} act={open} />
            <Transfers w={w} />
            {start && <WalletDialog wallet={w} start={start} onClose={() => setStart(null)} />}
            {issuing && <IssueDialog wallet={w} onClose={() => setIssuing(false)} />}
          </div>
        );
      }}
    </Answer>
  );
}

function Holdings({ w }: { w: Wallet }) {
  const currency = useCurrency();
  return (
    <>
      <Facts
        facts={[
          ['Address', <Hash key="a" value={w.address} head={20} />],
          ['Signed by', w.signedBy === 'operator' ? 'the operator’s account' : 'the member’s gateway'],
          ['Money', <Money key="m" amount={w.money} currency={currency} />],
          ['Energy tokens', <Energy key="e" wh={w.energyWh} decimals={3} />],
          ['Chain read up to', w.indexedBlock === null ? 'nothing yet' : `block ${w.indexedBlock}${w.chainInStep ? '' : ', chain away'}`],
        ]}
      />
      {w.note && <p className="dim">{w.note}</p>}
      {w.vintages.length > 0 && (
        <Table
          caption="Energy tokens by vintage"
          dense
          rows={w.vintages}
          keyOf={(v) => String(v.vintage)}
          columns={[
            { id: 'v', head: 'Vintage', cell: (v) => `${v.technology} ${v.vintage}` },
            { id: 'e', head: 'Energy', align: 'right', cell: (v) => <Energy wh={v.energyWh} decimals={3} /> },
            { id: 'x', head: 'Expires', cell: (v) => (v.expired ? 'expired' : <Time ms={v.expiresMs} kind="dayMinute" />) },
          ]}
        />
      )}
    </>
  );
}

function Transactions({ w }: { w: Wallet }) {
  const pending = w.transactions.filter((t) => t.state !== 'final' && t.state !== 'failed').length;
  return (
    <section>
      <h3>Transactions{pending > 0 ? `, ${pending} pending` : ''}</h3>
      {w.transactions.length === 0 ? (
        <p className="dim">None from here yet.</p>
      ) : (
        <Table
          caption="Transactions"
          dense
          maxHeight={220}
          rows={w.transactions}
          keyOf={(t) => t.id}
          columns={[
            { id: 't', head: 'What', cell: (t) => <span title={t.error ?? undefined}>{t.title}</span> },
            { id: 'h', head: 'Hash', cell: (t) => <Hash value={t.hash} /> },
            {
              id: 's',
              head: 'State',
              cell: (t) => (
                <>
                  <State kind={TRANSACTION[t.state][0]}>{TRANSACTION[t.state][1]}</State>
                  {t.error && <span className="dim small"> {t.error}</span>}
                </>
              ),
            },
            { id: 'b', head: 'Block', align: 'right', cell: (t) => t.block ?? '—' },
            { id: 'c', head: 'Since', cell: (t) => <Ago ms={t.createdMs} />, sort: (t) => t.createdMs },
          ]}
        />
      )}
    </section>
  );
}

function Offers({ w, act }: { w: Wallet; act: Act | null }) {
  return (
    <section>
      <h3>Offers</h3>
      {w.offers.length === 0 ? (
        <p className="dim">No offer is open.</p>
      ) : (
        <Table
          caption="Offers of energy tokens"
          dense
          maxHeight={220}
          rows={w.offers}
          keyOf={(o) => String(o.id)}
          columns={[
            { id: 'i', head: 'No.', cell: (o) => o.id },
            { id: 'm', head: 'By', cell: (o) => (o.mine ? 'this member' : who(o.maker)) },
            { id: 's', head: 'Side', cell: (o) => (o.side === 'buy' ? 'Buys' : 'Sells') },
            { id: 'l', head: 'Left', align: 'right', cell: (o) => <Energy wh={o.leftWh} decimals={3} />, sort: (o) => o.leftWh },
            { id: 'p', head: 'Price', align: 'right', cell: (o) => <Price value={o.price} />, sort: (o) => o.price },
            { id: 'x', head: 'Until', cell: (o) => (o.state === 'open' ? <Time ms={o.expiresMs} /> : o.state) },
            {
              id: 'a',
              head: 'Act',
              cell: (o) =>
                o.mine ? (
                  (o.state === 'open' || o.state === 'expired') && (
                    <Button size="compact-xs" disabled={!act} onClick={() => act?.({ kind: 'close-offer', offer: o.id })}>
                      Close…
                    </Button>
                  )
                ) : (
                  <Button
                    size="compact-xs"
                    disabled={!act || !o.plain}
                    title={o.plain ? undefined : 'It has a condition or is not paid in money.'}
                    onClick={() =>
                      act?.({
                        kind: 'take-offer',
                        offer: o.id,
                        side: o.side === 'sell' ? 'buy' : 'sell',
                        mostWh: o.leftWh,
                        price: o.price,
                      })
                    }
                  >
                    {o.side === 'sell' ? 'Buy…' : 'Sell…'}
                  </Button>
                ),
            },
          ]}
        />
      )}
    </section>
  );
}

function Auctions({ w, act }: { w: Wallet; act: Act | null }) {
  return (
    <section>
      <h3>Auctions</h3>
      {w.auctions.length === 0 ? (
        <p className="dim">No auction is running.</p>
      ) : (
        <Table
          caption="Auctions"
          dense
          maxHeight={220}
          rows={w.auctions}
          keyOf={(a) => String(a.id)}
          columns={[
            { id: 'i', head: 'No.', cell: (a) => a.id },
            { id: 's', head: 'Seller', cell: (a) => (a.mine ? 'this member' : who(a.seller)) },
            { id: 'e', head: 'Energy', align: 'right', cell: (a) => <Energy wh={a.energyWh} decimals={3} /> },
            {
              id: 'h',
              head: 'Highest bid',
              align: 'right',
              cell: (a) =>
                a.highest ? (
                  <span title={a.highest.mine ? 'of this member' : (a.highest.bidder.name ?? a.highest.bidder.address)}>
                    <Price value={a.highest.price} />
                    {a.highest.mine && ' own'}
                  </span>
                ) : (
                  'none'
                ),
            },
            { id: 'x', head: 'Ends', cell: (a) => (a.state === 'open' ? <Time ms={a.endsMs} /> : a.state) },
            {
              id: 'a',
              head: 'Act',
              cell: (a) =>
                a.state === 'over' ? (
                  <Button size="compact-xs" disabled={!act} onClick={() => act?.({ kind: 'settle-auction', auction: a.id })}>
                    End…
                  </Button>
                ) : a.state === 'open' && !a.mine ? (
                  <Button
                    size="compact-xs"
                    disabled={!act || a.highest?.mine === true}
                    title={a.highest?.mine ? 'The highest bid is this member’s.' : undefined}
                    onClick={() => act?.({ kind: 'bid', auction: a.id, energyWh: a.energyWh, leastPrice: a.leastPrice })}
                  >
                    Bid…
                  </Button>
                ) : null,
            },
          ]}
        />
      )}
    </section>
  );
}

function Connections({ w, act }: { w: Wallet; act: Act | null }) {
  return (
    <section>
      <h3>Connections</h3>
      {w.connections.length === 0 ? (
        <p className="dim">None. Whoever wins an auction gets one.</p>
      ) : (
        <Table
          caption="Connections"
          dense
          rows={w.connections}
          keyOf={(c) => String(c.id)}
          columns={[
            { id: 'i', head: 'No.', cell: (c) => c.id },
            { id: 'p', head: 'Partner', cell: (c) => who(c.role === 'buyer' ? c.seller : c.buyer) },
            { id: 'r', head: 'Role', cell: (c) => (c.role === 'buyer' ? 'Buys' : 'Sells') },
            {
              id: 'd',
              head: 'Drawn kWh',
              align: 'right',
              cell: (c) => `${fixed(c.deliveredWh / 1000, 3)} of ${fixed(c.energyWh / 1000, 3)}`,
            },
            { id: 'c', head: 'Price', align: 'right', cell: (c) => <Price value={c.price} /> },
            { id: 's', head: 'State', cell: (c) => c.state },
            {
              id: 'a',
              head: 'Act',
              cell: (c) =>
                c.role === 'buyer' && c.state === 'open' ? (
                  <span className="row" style={{ flexWrap: 'wrap' }}>
                    <Button
                      size="compact-xs"
                      disabled={!act}
                      onClick={() => act?.({ kind: 'draw', connection: c.id, mostWh: c.energyWh - c.deliveredWh })}
                    >
                      Draw…
                    </Button>
                    <Button
                      size="compact-xs"
                      disabled={!act}
                      aria-label={`Close connection ${c.id}`}
                      onClick={() => act?.({ kind: 'close-connection', connection: c.id })}
                    >
                      Close…
                    </Button>
                  </span>
                ) : null,
            },
          ]}
        />
      )}
    </section>
  );
}

function Transfers({ w }: { w: Wallet }) {
  const currency = useCurrency();
  return (
    <section>
      <h3>Transfers</h3>
      {w.transfers.length === 0 ? (
        <p className="dim">Nothing has come in or gone out yet.</p>
      ) : (
        <Table
          caption="Transfers"
          dense
          maxHeight={260}
          rows={w.transfers}
          keyOf={(t) => `${t.transaction} ${t.asset} ${t.amount} ${t.other.address}`}
          columns={[
            { id: 't', head: 'When', cell: (t) => (t.timeMs === null ? `block ${t.block}` : <Ago ms={t.timeMs} />), sort: (t) => t.block },
            { id: 'o', head: 'Partner', cell: (t) => who(t.other) },
            {
              id: 'a',
              head: 'Amount',
              align: 'right',
              cell: (t) => (t.asset === 'money' ? `${money(t.amount, 4)} ${currency}` : <Energy wh={Number(t.amount)} decimals={3} />),
            },
            { id: 'h', head: 'Transaction', cell: (t) => <Hash value={t.transaction} /> },
          ]}
        />
      )}
    </section>
  );
}

function IssueDialog({ wallet, onClose }: { wallet: Wallet; onClose: () => void }) {
  const act = useAct('wallet.issueMoney');
  const currency = useCurrency();
  const [amount, setAmount] = useState<number | string>(50);
  const [answer, setAnswer] = useState<string | null>(null);
  const units = microCents(amount);
  return (
    <Confirm
      opened
      title={`Issue test money to ${wallet.name}`}
      confirmLabel={answer === null ? 'Issue' : 'Done'}
      busy={act.busy}
      fault={act.fault}
      disabled={units === 0}
      onClose={onClose}
      onConfirm={() => {
        if (answer !== null) onClose();
        else void act.run({ member: wallet.member, amount: String(units) }).then((done) => done !== null && setAnswer(done.message));
      }}
    >
      {answer !== null ? (
        <p role="status">{answer}</p>
      ) : (
        <>
          <p className="dim">Money of the development chain: it is worth nothing anywhere else.</p>
          <NumberInput label={`Amount in ${currency}`} min={0.01} decimalScale={4} value={amount} onChange={setAmount} />
        </>
      )}
    </Confirm>
  );
}
