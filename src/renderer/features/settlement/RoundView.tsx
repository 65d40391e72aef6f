/** One round: its story, its members' lines, its evidence, and "verify again". */
import { Button, Menu } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import type { CallOutput } from '../../../shared/contract/contract.ts';
import { milliseconds } from '../../app/format.ts';
import { asFault, useAct, useEngine, useQuery, useTopic } from '../../app/hooks.ts';
import type { LinkFault } from '../../app/link.ts';
import { useCurrency } from '../../app/session.ts';
import { download } from '../../components/download.ts';
import { Facts, Hash, State } from '../../components/Facts.tsx';
import { Energy, Money, Price } from '../../components/Num.tsx';
import { Answer, Empty, FaultLine, Panel } from '../../components/Page.tsx';
import { Table } from '../../components/Table.tsx';
import { PlantTime, Time } from '../../components/Time.tsx';
import { RoundState } from '../market/RoundsTable.tsx';
import { Story } from './Story.tsx';

type Round = CallOutput<'settlement.round'>;

export function RoundView({ interval }: { interval: number }) {
  const state = useTopic('rounds', {}, (r) => r.rounds.find((x) => x.interval === interval)?.state);
  const finished = state === 'settled' || state === 'failed';
  const round = useQuery('settlement.round', { interval }, { refreshMs: finished ? 30_000 : 1000 });
  return (
    <div className="stack settlement-round">
      <Answer query={round} rows={8}>
        {(r) => (
          <>
            <Panel
              title={`Interval ${r.interval}`}
              note={
                <>
                  <PlantTime ms={r.startMs} kind="dayMinute" />–<PlantTime ms={r.endMs} /> plant time. <Price value={r.price} /> for{' '}
                  <Energy wh={r.tradedWh} />. <RoundState state={r.state} />
                </>
              }
              actions={<RoundActs round={r} />}
            >
              {r.message !== null && (
                <p className="fault-line" role="status">
                  {r.message}
                </p>
              )}
              <Story steps={r.story} />
              <VerifyAgain interval={interval} />
            </Panel>
            <Members round={r} />
            <Evidence round={r} />
          </>
        )}
      </Answer>
    </div>
  );
}

function RoundActs({ round }: { round: Round }) {
  const { link } = useEngine();
  const [fault, setFault] = useState<LinkFault | null>(null);
  const save = async (member: string) => {
    setFault(null);
    try {
      const file = await link.call('settlement.exportRound', { interval: round.interval, member });
      download(file.fileName, file.json, 'application/json');
    } catch (error) {
      setFault(asFault(error));
    }
  };
  return (
    <>
      <FaultLine fault={fault} />
      <Menu position="bottom-end">
        <Menu.Target>
          <Button disabled={round.members.length === 0}>Export for a member</Button>
        </Menu.Target>
        <Menu.Dropdown mah={360} style={{ overflowY: 'auto' }}>
          {round.members.map((m) => (
            <Menu.Item key={m.member} onClick={() => void save(m.member)}>
              {m.name}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function VerifyAgain({ interval }: { interval: number }) {
  const act = useAct('settlement.verifyAgain');
  const [result, setResult] = useState<CallOutput<'settlement.verifyAgain'> | null>(null);
  return (
    <div className="verify">
      <Button
        loading={act.busy}
        onClick={() => {
          setResult(null);
          void act.run({ interval }).then(setResult);
        }}
      >
        Verify again
      </Button>
      <FaultLine fault={act.fault} />
      {result === null && act.fault === null && (
        <span className="dim small">
          Checks signatures, admission, sums, proofs and receipt anew from what is stored and what stands on the chain.
        </span>
      )}
      {result !== null && (
        <div role="status" className="grow">
          <strong>
            {result.valid ? 'Everything holds' : 'Something does not hold'}, checked at <Time ms={result.checkedMs} />
          </strong>
          <ul className="checks">
            {result.checks.map((c) => (
              <li key={c.name}>
                <State kind={c.ok ? 'good' : 'bad'}>{c.name}</State>
                <span className="dim">{c.detail}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

function Members({ round }: { round: Round }) {
  const currency = useCurrency();
  if (round.members.length === 0)
    return (
      <Panel title="Members">
        <Empty
          what="Not metered yet."
          how="What each member traded, used and pays appears here when the interval has ended and its readings are in."
        />
      </Panel>
    );
  return (
    <Panel
      title="Members"
      note={
        round.members.length > 0 ? (
          <>
            the grid account takes <Money amount={round.gridMoney} currency={currency} decimals={4} />, so that the round’s sum is zero
          </>
        ) : undefined
      }
      flush
    >
      <Table
        caption={`Members in interval ${round.interval}`}
        dense
        maxHeight={560}
        rows={round.members}
        keyOf={(m) => m.member}
        columns={[
          { id: 'name', head: 'Member', cell: (m) => m.name, sort: (m) => m.name },
          {
            id: 'position',
            head: 'Traded (+ bought)',
            align: 'right',
            cell: (m) => <Energy wh={m.positionWh} />,
            sort: (m) => m.positionWh,
          },
          {
            id: 'metered',
            head: 'Metered (+ import)',
            align: 'right',
            cell: (m) =>
              m.meteredWh === null ? <span title="No valid reading: carried to a later round">carried</span> : <Energy wh={m.meteredWh} />,
            sort: (m) => m.meteredWh ?? 0,
          },
          {
            id: 'imbalance',
            head: 'Imbalance',
            align: 'right',
            cell: (m) => <Energy wh={m.imbalanceWh} />,
            sort: (m) => m.imbalanceWh ?? 0,
          },
          {
            id: 'money',
            head: 'Pays (− receives)',
            align: 'right',
            cell: (m) => <Money amount={m.money} currency={currency} decimals={4} />,
            sort: (m) => Number(m.money),
          },
          {
            id: 'balance',
            head: 'Balance after',
            align: 'right',
            cell: (m) => <Money amount={m.balanceAfter} currency={currency} />,
            sort: (m) => Number(m.balanceAfter ?? 0),
          },
        ]}
      />
    </Panel>
  );
}

type Proofs = NonNullable<Round['proof']>;
type Transaction = NonNullable<Round['transaction']>;
type Fact = readonly [string, ReactNode];

function Evidence({ round }: { round: Round }) {
  const { admission, proof, transaction } = round;
  if (admission === null && proof === null && transaction === null) return null;
  return (
    <Panel title="Evidence">
      <div className="two">
        {admission !== null && (
          <section aria-label="Admission">
            <h3>Admission of orders</h3>
            <Proofs
              proof={admission.proof}
              first={[
                ['Book before', <Hash key="before" value={admission.bookBefore} head={18} />],
                ['Book after', <Hash key="after" value={admission.bookAfter} head={18} />],
                ...(admission.idle ? ([['Round', 'nobody could trade']] as const) : []),
              ]}
            />
          </section>
        )}
        {proof !== null && (
          <section aria-label="Settlement">
            <h3>Settlement</h3>
            <Proofs proof={proof} />
          </section>
        )}
      </div>
    </Panel>
  );
}

function Proofs({ proof, first = [] }: { proof: Proofs | null; first?: readonly Fact[] }) {
  if (proof === null) return <Facts facts={first} />;
  const key: readonly Fact[] = [
    ...first,
    ['Circuit', proof.circuit],
    ['Verification key', <Hash key="vk" value={proof.verificationKeyHash} />],
  ];
  const [only] = proof.parts;
  if (proof.partsNeeded === 1) return <Facts facts={[...key, ...(only ? partFacts(only) : [])]} />;
  // Parts are proven one after the other and keep their places.
  const parts = proof.parts.map((part, k) => ({ name: `Part ${k + 1}`, part }));
  return (
    <>
      <Facts facts={[...key, ['Parts proven', `${parts.length} of ${proof.partsNeeded}`]]} />
      {parts.map(({ name, part }) => (
        <details key={name}>
          <summary>{name}</summary>
          <Facts facts={partFacts(part)} />
        </details>
      ))}
    </>
  );
}

function partFacts({ provingMs, publicSignals, transaction }: Proofs['parts'][number]): Fact[] {
  return [
    ['Proving took', milliseconds(provingMs)],
    ...publicSignals.map((s): Fact => [s.name, <Hash key={s.name} value={s.value} head={18} />]),
    ...(transaction === null ? [] : transactionFacts(transaction)),
  ];
}

function transactionFacts(transaction: Transaction): Fact[] {
  return [
    ['Transaction', <Hash key="tx" value={transaction.hash} head={18} />],
    ['Status', transaction.status],
    ['Block', transaction.block ?? '—'],
    ['Gas used', transaction.gasUsed === null ? '—' : transaction.gasUsed.toLocaleString('en').replaceAll(',', ' ')],
  ];
}
