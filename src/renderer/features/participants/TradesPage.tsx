/** Trade of one account: what waits for it, what runs, what it can do. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { useQuery } from '../../app/hooks.ts';
import { hrefOf } from '../../app/router.ts';
import { useCurrency, useMay } from '../../app/session.ts';
import { Facts } from '../../components/Facts.tsx';
import { Energy, Money } from '../../components/Num.tsx';
import { Answer, Empty, PageFrame, Panel } from '../../components/Page.tsx';
import { Time } from '../../components/Time.tsx';
import { AuctionsPanel } from './AuctionsPanel.tsx';
import { DealsPanel } from './DealsPanel.tsx';
import { mayActOf } from './may-act.ts';
import { GroupsPanel, OffersPanel } from './OffersPanel.tsx';
import { type Act, ActButton, percent, recordOf, type Wallet } from './TradeParts.tsx';
import { WalletDialog } from './WalletDialog.tsx';
import { waitsFor } from './waits.ts';
import type { Start } from './wallet-act.ts';

export function TradesPage({ member }: { member: string }) {
  const query = useQuery('wallet.get', { member }, { refreshMs: 2000 });
  const [start, setStart] = useState<Start | null>(null);
  const person = useMay('wallet.act');
  const w = query.kind === 'loading' ? undefined : query.data;
  const act: Act | null = w ? { ...mayActOf(w, person), open: setStart } : null;
  return (
    <PageFrame
      title={w ? `Trades of ${w.name}` : 'Trades'}
      about={<a href={hrefOf('participants', member)}>Back to the member</a>}
      actions={w && act && <Doings w={w} act={act} />}
    >
      <Answer query={query} rows={10}>
        {(data) => {
          const now: Act = { ...mayActOf(data, person), open: setStart };
          return (
            <div className="trades">
              <Waits w={data} act={now} />
              <AccountPanel w={data} />
              <div className="trades-wide">
                <DealsPanel w={data} act={now} />
              </div>
              <div className="trades-wide">
                <OffersPanel w={data} act={now} />
              </div>
              <GroupsPanel w={data} act={now} />
              <AuctionsPanel w={data} act={now} />
              {start && <WalletDialog wallet={data} start={start} onClose={() => setStart(null)} />}
            </div>
          );
        }}
      </Answer>
    </PageFrame>
  );
}

function Doings({ w, act }: { w: Wallet; act: Act }) {
  const button = (label: string, start: Start, disabled = false, why?: string) => (
    <Button disabled={!act.may || disabled} title={act.may ? why : act.why} onClick={() => act.open(start)}>
      {label}
    </Button>
  );
  return (
    <>
      {button('Place an offer…', { kind: 'place-offer' })}
      {button('Auction energy…', { kind: 'create-auction' })}
      {button(
        'Propose deliveries…',
        { kind: 'propose-delivery', bondBps: w.fees?.bondBps ?? 0, nowMs: w.chainTimeMs },
        w.fees === null,
        w.fees === null ? 'The published bond is not known yet.' : undefined,
      )}
    </>
  );
}

function Waits({ w, act }: { w: Wallet; act: Act }) {
  const currency = useCurrency();
  const waits = waitsFor(w, currency);
  return (
    <Panel title="Waits for this member" note={waits.length === 0 ? undefined : `${waits.length}`}>
      {waits.length === 0 ? (
        <Empty what="Nothing waits." how="Deliveries that are due, payments to be taken and disputes to be decided appear here." />
      ) : (
        <ul className="trade-waits">
          {waits.map((x) => (
            <li key={x.key}>
              <span className="grow">
                {x.text}
                {x.untilMs !== null && (
                  <span className="dim">
                    {' '}
                    Until <Time ms={x.untilMs} kind="dayMinute" />.
                  </span>
                )}
              </span>
              <ActButton act={act} label={x.label} start={x.start} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function AccountPanel({ w }: { w: Wallet }) {
  const currency = useCurrency();
  const pending = w.transactions.filter((t) => t.state !== 'final' && t.state !== 'failed').length;
  return (
    <Panel title="Account">
      <Facts
        facts={[
          [
            'Signed by',
            w.signedBy === 'operator' ? 'the operator’s account, for the community' : 'the member’s gateway; the console only asks',
          ],
          ['Money', <Money key="m" amount={w.money} currency={currency} />],
          ['Energy tokens', <Energy key="e" wh={w.energyWh} decimals={3} />],
          ['Under way', pending === 0 ? 'nothing' : `${pending} ${pending === 1 ? 'transaction' : 'transactions'}`],
          ['Record', recordOf(w.standing)],
          [
            'Published fees',
            w.fees === null
              ? 'not known yet'
              : `trade ${percent(w.fees.tradeBps)}, stopping early ${percent(w.fees.closeBps)} of the rest, bond ${percent(w.fees.bondBps)} of the price`,
          ],
          ...(w.arbiter ? ([['Arbiter', 'decides disputes between others']] as const) : []),
        ]}
      />
      {w.note && <p className="dim trade-note">{w.note}</p>}
    </Panel>
  );
}
