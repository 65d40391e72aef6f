/** Certificates, credits, records and achievements as this console's copy of the chain tells them; it is read while the chain is away, too. */
import { Button, Tabs } from '@mantine/core';
import { useState } from 'react';
import type { CarbonChainAct } from '../../../shared/chain-act.ts';
import type { CallOutput } from '../../../shared/contract/contract.ts';
import { fixed } from '../../app/format.ts';
import { useQuery } from '../../app/hooks.ts';
import { useMay } from '../../app/session.ts';
import { Hash, State } from '../../components/Facts.tsx';
import { Energy, Plain } from '../../components/Num.tsx';
import { Answer, Empty, Panel } from '../../components/Page.tsx';
import { Table } from '../../components/Table.tsx';
import { Time } from '../../components/Time.tsx';
import { Achievements } from './Achievements.tsx';
import { CarbonActDialog } from './CarbonActDialog.tsx';
import { CertificateStateWord } from './Ledger.tsx';

export type OnChainData = CallOutput<'carbon.onChain'>;
export type Start = { readonly kind: CarbonChainAct['kind']; readonly of?: string };
type Tools = { readonly data: OnChainData; readonly act: (start: Start) => void; readonly may: boolean; readonly why: string | undefined };

export const kilograms = (mg: string): string => fixed(Number(mg) / 1e6, 3);
export const who = (party: { address: string; name: string | null }) => party.name ?? <Hash value={party.address} />;
const whereColumns = <T extends { block: number; transaction: string; timeMs: number | null }>() => [
  { id: 'block', head: 'Block', align: 'right' as const, cell: (r: T) => fixed(r.block, 0), sort: (r: T) => r.block },
  { id: 'tx', head: 'Transaction', cell: (r: T) => <Hash value={r.transaction} /> },
  { id: 'time', head: 'Time', cell: (r: T) => <Time ms={r.timeMs} kind="dayMinute" />, sort: (r: T) => r.timeMs ?? 0 },
];

export default function OnChain() {
  const query = useQuery('carbon.onChain', { limit: 200 }, { refreshMs: 5_000 });
  const { may, why } = useMay('carbon.chainAct');
  const [start, setStart] = useState<Start | null>(null);
  const copy = query.data;
  const note =
    copy === undefined
      ? undefined
      : copy.indexedBlock === null
        ? 'no copy of the chain yet'
        : `copy of the chain up to block ${fixed(copy.indexedBlock, 0)}${copy.chainInStep ? '' : '; the chain is away, nothing newer is known'}`;
  return (
    <Panel title="On the chain" className="carbon-chain" flush note={note}>
      <Answer query={query} rows={6}>
        {(data) => {
          const ready = may && data.chainInStep;
          const tools: Tools = { data, act: setStart, may: ready, why: data.chainInStep ? why : 'The chain is away.' };
          return (
            <Tabs defaultValue="bundles" className="chain-tabs">
              <Tabs.List aria-label="On the chain">
                <Tabs.Tab value="bundles">
                  Bundles {data.bundleCount > 0 && <span className="dim">{fixed(data.bundleCount, 0)}</span>}
                </Tabs.Tab>
                <Tabs.Tab value="credits">Credits</Tabs.Tab>
                <Tabs.Tab value="records">Records</Tabs.Tab>
                <Tabs.Tab value="achievements">Achievements</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="bundles">
                <Bundles {...tools} />
              </Tabs.Panel>
              <Tabs.Panel value="credits">
                <Credits {...tools} />
              </Tabs.Panel>
              <Tabs.Panel value="records">
                <Records {...tools} />
              </Tabs.Panel>
              <Tabs.Panel value="achievements">
                <Achievements {...tools} />
              </Tabs.Panel>
            </Tabs>
          );
        }}
      </Answer>
      {start !== null && copy !== undefined && (
        <CarbonActDialog
          start={start}
          data={copy}
          onClose={() => {
            setStart(null);
            query.reload();
          }}
        />
      )}
    </Panel>
  );
}

function Bundles({ data, act, may, why }: Tools) {
  const { totals } = data;
  if (data.bundles.length === 0)
    return (
      <Empty what="No certificate on the chain yet." how="A bundle is issued for every settled round in which renewable meters exported." />
    );
  return (
    <>
      <dl className="tiles chain-tiles">
        {(
          [
            ['Issued', totals.issuedWh],
            ['Held', totals.heldWh],
            ['Cancelled', totals.cancelledWh],
            ['of these claimed', totals.claimedWh],
            ['Lapsed', totals.lapsedWh],
          ] as const
        ).map(([label, wh]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              <Energy wh={wh} decimals={1} />
            </dd>
          </div>
        ))}
      </dl>
      <Table
        caption="Bundles on the chain"
        dense
        maxHeight={360}
        rows={data.bundles}
        keyOf={(b) => String(b.id)}
        columns={[
          { id: 'id', head: 'Bundle', align: 'right', cell: (b) => b.id, sort: (b) => b.id },
          { id: 'origin', head: 'From', cell: (b) => b.originText, sort: (b) => b.interval },
          { id: 'energy', head: 'Energy', align: 'right', cell: (b) => <Energy wh={b.energyWh} decimals={3} />, sort: (b) => b.energyWh },
          { id: 'holder', head: 'Holder', cell: (b) => who(b.holder) },
          { id: 'state', head: 'State', cell: (b) => <CertificateStateWord state={b.state} />, sort: (b) => b.state },
          ...whereColumns<OnChainData['bundles'][number]>(),
          {
            id: 'act',
            head: '',
            align: 'right',
            cell: (b) =>
              b.ours && (b.state === 'active' || b.state === 'reserved') ? (
                <Button
                  size="compact-sm"
                  disabled={!may}
                  title={why}
                  aria-label={`${b.state === 'active' ? 'Reserve' : 'Release'} bundle ${b.id}`}
                  onClick={() => act({ kind: b.state === 'active' ? 'reserve' : 'release', of: String(b.id) })}
                >
                  {b.state === 'active' ? 'Reserve…' : 'Release…'}
                </Button>
              ) : null,
          },
        ]}
      />
    </>
  );
}

function Credits({ data, act, may, why }: Tools) {
  const { credits } = data;
  const tile = (label: string, mg: string) => (
    <div key={label}>
      <dt>{label}</dt>
      <dd>
        <Plain text={kilograms(mg)} unit="kg CO₂e" />
      </dd>
    </div>
  );
  return (
    <>
      <dl className="tiles chain-tiles">
        {tile('Issued', credits.issuedMg)}
        {tile('Held by the community', credits.oursMg)}
        {tile('Retired', credits.retiredMg)}
        {tile('Expired', credits.expiredMg)}
        <div>
          <dt>Last market price</dt>
          <dd>
            {credits.lastPrice === null ? (
              <span className="dim">no trade yet</span>
            ) : (
              <Plain text={fixed(credits.lastPrice / 1000, 2)} unit="ct/kg" />
            )}
          </dd>
        </div>
      </dl>
      <div className="row chain-line">
        <Button
          disabled={!may || credits.oursMg === '0'}
          title={credits.oursMg === '0' ? 'There is nothing to retire.' : why}
          onClick={() => act({ kind: 'retire-credits' })}
        >
          Retire credits…
        </Button>
        <span className="dim small">
          Credits say what was not emitted. They come from public meters only, at the published factor; no Wh backs a credit and a
          certificate.
        </span>
      </div>
      {credits.issues.length === 0 ? (
        <Empty what="No credit yet." how="They are issued for each validated reading of a public renewable meter that backs credits." />
      ) : (
        <Table
          caption="Credits issued"
          dense
          maxHeight={300}
          rows={credits.issues}
          keyOf={(i) => String(i.id)}
          columns={[
            { id: 'id', head: 'Issue', align: 'right', cell: (i) => i.id, sort: (i) => i.id },
            { id: 'meter', head: 'Meter', cell: (i) => i.deviceName, sort: (i) => i.deviceName },
            { id: 'interval', head: 'Interval', align: 'right', cell: (i) => i.interval ?? '—', sort: (i) => i.interval ?? 0 },
            { id: 'energy', head: 'Energy', align: 'right', cell: (i) => <Energy wh={i.energyWh} decimals={3} />, sort: (i) => i.energyWh },
            { id: 'factor', head: 'Factor', align: 'right', cell: (i) => <Plain text={fixed(i.factorGPerKwh, 0)} unit="g/kWh" /> },
            {
              id: 'mg',
              head: 'Avoided',
              align: 'right',
              cell: (i) => <Plain text={kilograms(i.amountMg)} unit="kg" />,
              sort: (i) => Number(i.amountMg),
            },
            { id: 'to', head: 'To', cell: (i) => who(i.holder) },
            ...whereColumns<OnChainData['credits']['issues'][number]>(),
          ]}
        />
      )}
      {credits.retirements.length > 0 && (
        <>
          <p className="chain-line dim small">Retired, for good</p>
          <Table
            caption="Credits retired"
            dense
            rows={credits.retirements}
            keyOf={(r) => r.transaction}
            columns={[
              { id: 'what', head: 'Retired', cell: (r) => <Plain text={kilograms(r.amountMg)} unit="kg CO₂e" /> },
              { id: 'by', head: 'By', cell: (r) => who(r.by) },
              { id: 'for', head: 'In favour of', cell: (r) => who(r.beneficiary) },
              ...whereColumns<OnChainData['credits']['retirements'][number]>(),
            ]}
          />
        </>
      )}
    </>
  );
}

const REC_STATE = {
  open: ['work', 'Being filled'],
  sealed: ['good', 'Sealed'],
  retired: ['off', 'Retired'],
  redeemed: ['off', 'Taken apart'],
} as const;

function Records({ data, act, may, why }: Tools) {
  return (
    <>
      <div className="row chain-line">
        {data.certifiable.map((d) => (
          <Button key={d.device} disabled={!may} title={why} onClick={() => act({ kind: 'certify-record', of: d.device })}>
            Certify the production of {d.name}…
          </Button>
        ))}
        <span className="dim small">A record’s energy is read by the contract from validated readings; ranges never overlap.</span>
      </div>
      {data.records.length === 0 ? (
        <Empty what="No record yet." how="Certify the production of a public meter once some of its readings are validated." />
      ) : (
        <Table
          caption="Certified records"
          dense
          maxHeight={260}
          rows={data.records}
          keyOf={(r) => String(r.id)}
          columns={[
            { id: 'id', head: 'Record', align: 'right', cell: (r) => r.id, sort: (r) => r.id },
            { id: 'meter', head: 'Meter', cell: (r) => r.deviceName },
            { id: 'flow', head: 'What', cell: (r) => r.flow },
            { id: 'category', head: 'Site', cell: (r) => r.category },
            { id: 'span', head: 'Intervals', cell: (r) => `${r.fromInterval + 1} to ${r.toInterval}` },
            { id: 'energy', head: 'Energy', align: 'right', cell: (r) => <Energy wh={r.energyWh} decimals={3} /> },
            { id: 'standard', head: 'Against', cell: (r) => r.standard },
            ...whereColumns<OnChainData['records'][number]>(),
          ]}
        />
      )}
      {data.recs.length > 0 && (
        <Table
          caption="Renewable energy certificates of one MWh"
          dense
          rows={data.recs}
          keyOf={(r) => String(r.id)}
          columns={[
            { id: 'id', head: 'REC', align: 'right', cell: (r) => r.id },
            { id: 'owner', head: 'Owner', cell: (r) => who(r.owner) },
            { id: 'energy', head: 'Filled', align: 'right', cell: (r) => <Energy wh={r.energyWh} decimals={1} /> },
            { id: 'state', head: 'State', cell: (r) => <State kind={REC_STATE[r.state][0]}>{REC_STATE[r.state][1]}</State> },
            ...whereColumns<OnChainData['recs'][number]>(),
          ]}
        />
      )}
    </>
  );
}
