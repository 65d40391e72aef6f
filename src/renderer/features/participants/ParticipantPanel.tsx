/** One member: totals, statement by interval, orders, wallet with what is still pending, and asking the gateway for an order. */
import { ActionIcon, Button, NumberInput, SegmentedControl, Tabs } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { energy, fixed, money, price } from '../../app/format.ts';
import { useAct, useQuery } from '../../app/hooks.ts';
import { useCurrency, useMay } from '../../app/session.ts';
import { Confirm } from '../../components/Confirm.tsx';
import { Facts, State } from '../../components/Facts.tsx';
import { Energy, Money, Price } from '../../components/Num.tsx';
import { Answer, Empty } from '../../components/Page.tsx';
import { Table } from '../../components/Table.tsx';
import { Ago, PlantTime } from '../../components/Time.tsx';
import { ORDER_STATE } from '../market/Book.tsx';
import { OpeningFact } from './OpeningFact.tsx';
import { GATEWAY } from './ParticipantsPage.tsx';
import { WalletTab } from './WalletTab.tsx';

export function ParticipantPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery('participants.get', { id }, { refreshMs: 3000 });
  const currency = useCurrency();
  const { may, why } = useMay('participants.askOrder');
  const [asking, setAsking] = useState(false);
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.focus(), []);
  return (
    <aside className="panel faceplate wide" aria-label="Member">
      <div className="panel-head">
        <h2 ref={head} tabIndex={-1}>
          {query.data?.name ?? id}
        </h2>
        {query.data && <span className="dim">{query.data.category}</span>}
        <div className="panel-actions">
          <Button disabled={!may} title={why} onClick={() => setAsking(true)}>
            Ask for an order…
          </Button>
          <ActionIcon aria-label="Close the member" onClick={onClose}>
            <IconX size={18} />
          </ActionIcon>
        </div>
      </div>
      <div className="panel-body stack">
        <Answer query={query} rows={8}>
          {(p) => (
            <>
              <dl className="tiles">
                <div>
                  <dt>Balance</dt>
                  <dd>
                    <Money amount={p.balance} currency={currency} />
                  </dd>
                </div>
                <div>
                  <dt>Bought</dt>
                  <dd>
                    <Energy wh={p.totals.boughtWh} decimals={1} />
                  </dd>
                </div>
                <div>
                  <dt>Sold</dt>
                  <dd>
                    <Energy wh={p.totals.soldWh} decimals={1} />
                  </dd>
                </div>
                <div>
                  <dt>Better than the tariff by</dt>
                  <dd>
                    <Money amount={p.totals.savedAgainstTariff} currency={currency} />
                  </dd>
                </div>
              </dl>
              <Tabs defaultValue="statement">
                <Tabs.List aria-label="Member">
                  <Tabs.Tab value="statement">Statement</Tabs.Tab>
                  <Tabs.Tab value="orders">Orders</Tabs.Tab>
                  <Tabs.Tab value="wallet">Wallet</Tabs.Tab>
                </Tabs.List>
                <Tabs.Panel value="statement">
                  {p.statement.length === 0 ? (
                    <Empty what="No settled interval yet." how="Each settled interval adds one line." />
                  ) : (
                    <Table
                      caption="Statement"
                      dense
                      rows={p.statement}
                      keyOf={(l) => String(l.interval)}
                      maxHeight="calc(100vh - 420px)"
                      columns={[
                        { id: 'i', head: 'Interval', cell: (l) => <PlantTime ms={l.startMs} kind="dayMinute" />, sort: (l) => l.interval },
                        { id: 'p', head: 'Price ct/kWh', align: 'right', cell: (l) => (l.price === null ? '—' : fixed(l.price / 1000, 2)) },
                        {
                          id: 't',
                          head: 'Traded kWh',
                          align: 'right',
                          cell: (l) => fixed(l.positionWh / 1000, 2),
                          sort: (l) => l.positionWh,
                        },
                        {
                          id: 'm',
                          head: 'Metered kWh',
                          align: 'right',
                          cell: (l) => (l.meteredWh === null ? 'carried' : fixed(l.meteredWh / 1000, 2)),
                          sort: (l) => l.meteredWh ?? 0,
                        },
                        {
                          id: 'd',
                          head: 'Imbalance kWh',
                          align: 'right',
                          cell: (l) => (l.imbalanceWh === null ? '—' : fixed(l.imbalanceWh / 1000, 2)),
                        },
                        {
                          id: 'e',
                          head: `Pays ${currency}`,
                          align: 'right',
                          cell: (l) => <span title={`${l.money} micro-cents`}>{money(l.money, 4)}</span>,
                          sort: (l) => Number(l.money),
                        },
                      ]}
                    />
                  )}
                </Tabs.Panel>
                <Tabs.Panel value="orders" pt="sm">
                  <p>
                    {p.standingOrder === null
                      ? 'No standing order.'
                      : `Standing order: ${p.standingOrder.side === 'buy' ? 'buys' : 'sells'} up to ${energy(p.standingOrder.quantityWh)} at ${price(p.standingOrder.limitPrice)}, number ${p.standingOrder.sequence}.`}
                  </p>
                  {p.orders.length === 0 ? (
                    <Empty what="No orders yet." />
                  ) : (
                    <Table
                      caption="Orders"
                      dense
                      rows={p.orders}
                      keyOf={(o) => o.id}
                      columns={[
                        { id: 'r', head: 'Received', cell: (o) => <Ago ms={o.receivedMs} />, sort: (o) => o.receivedMs },
                        { id: 's', head: 'Side', cell: (o) => (o.side === 'buy' ? 'Buys' : 'Sells') },
                        { id: 'q', head: 'Energy', align: 'right', cell: (o) => <Energy wh={o.quantityWh} /> },
                        { id: 'l', head: 'Limit', align: 'right', cell: (o) => <Price value={o.limitPrice} /> },
                        { id: 'k', head: 'Kind', cell: (o) => o.kind },
                        { id: 'n', head: 'Seq.', align: 'right', cell: (o) => o.sequence },
                        { id: 'st', head: 'State', cell: (o) => ORDER_STATE[o.state] },
                      ]}
                    />
                  )}
                </Tabs.Panel>
                <Tabs.Panel value="wallet" pt="sm" className="stack">
                  <Facts
                    facts={[
                      [
                        'Meter',
                        <a key="d" href={`#/devices/${encodeURIComponent(p.meter)}`}>
                          {p.meter}
                        </a>,
                      ],
                      [
                        'Gateway',
                        <State key="g" kind={GATEWAY[p.gateway][0]}>
                          {GATEWAY[p.gateway][1]}
                        </State>,
                      ],
                      ['Opening', <OpeningFact key="o" opening={p.opening} whole />],
                    ]}
                  />
                  <WalletTab member={id} />
                </Tabs.Panel>
              </Tabs>
              {asking && <AskDialog id={id} name={p.name} onClose={() => setAsking(false)} />}
            </>
          )}
        </Answer>
      </div>
    </aside>
  );
}

function AskDialog({ id, name, onClose }: { id: string; name: string; onClose: () => void }) {
  const act = useAct('participants.askOrder');
  const [side, setSide] = useState<'buy' | 'sell'>('buy');
  const [kwh, setKwh] = useState<number | string>(1);
  const [cents, setCents] = useState<number | string>(20);
  const [answer, setAnswer] = useState<string | null>(null);
  const quantityWh = Math.round(Number(kwh) * 1000);
  return (
    <Confirm
      opened
      title={`Ask the gateway of ${name}`}
      confirmLabel={answer === null ? 'Ask' : 'Done'}
      busy={act.busy}
      fault={act.fault}
      disabled={quantityWh <= 0}
      onClose={onClose}
      onConfirm={() => {
        if (answer !== null) onClose();
        else
          void act
            .run({ member: id, side, quantityWh, limitPrice: Math.round(Number(cents) * 1000) })
            .then((r) => r !== null && setAnswer(r.message));
      }}
    >
      {answer !== null ? (
        <p role="status">{answer}</p>
      ) : (
        <>
          <p className="dim">
            This only asks. The member’s gateway signs by itself, and only if the member’s policy lets anybody ask for orders; on the
            simulated plant it does until the member says otherwise.
          </p>
          <SegmentedControl
            aria-label="Side"
            fullWidth
            value={side}
            onChange={(v) => setSide(v as 'buy' | 'sell')}
            data={[
              { value: 'buy', label: 'Buy' },
              { value: 'sell', label: 'Sell' },
            ]}
          />
          <div className="row">
            <NumberInput className="grow" label="Energy in kWh" min={0.01} decimalScale={2} value={kwh} onChange={setKwh} />
            <NumberInput className="grow" label="Limit in ct/kWh" min={0} decimalScale={2} value={cents} onChange={setCents} />
          </div>
        </>
      )}
    </Confirm>
  );
}
