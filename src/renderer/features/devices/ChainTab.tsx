/** A meter as the chain's copy tells it: registration, care, readings of public meters, where it disagrees; and a technician's acts. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import type { CallOutput } from '../../../shared/contract/contract.ts';
import { fixed } from '../../app/format.ts';
import { useQuery } from '../../app/hooks.ts';
import { useMay } from '../../app/session.ts';
import { Facts, Hash, State } from '../../components/Facts.tsx';
import { Energy } from '../../components/Num.tsx';
import { Answer } from '../../components/Page.tsx';
import { Table } from '../../components/Table.tsx';
import { Ago, Time } from '../../components/Time.tsx';
import { DeviceActDialog, type DeviceActKind } from './DeviceActDialog.tsx';

type OnChain = CallOutput<'devices.onChain'>;
type Meter = NonNullable<OnChain['meter']>;

const METER_STATE: Record<Meter['state'], readonly ['good' | 'wait' | 'work' | 'off', string]> = {
  registered: ['wait', 'Registered, not verified'],
  active: ['good', 'In service'],
  maintenance: ['work', 'In maintenance'],
  retired: ['off', 'Out of service'],
};
const READING_STATE: Record<Meter['readings'][number]['state'], readonly ['good' | 'wait' | 'bad' | 'off', string]> = {
  posted: ['wait', 'Posted'],
  validated: ['good', 'Validated'],
  rejected: ['bad', 'Rejected'],
  installed: ['off', 'Installed'],
};
const ACT_STATE = {
  waiting: ['wait', 'Waits'],
  sending: ['work', 'Is sent'],
  sent: ['work', 'Sent'],
  final: ['good', 'Done'],
  failed: ['bad', 'Refused'],
} as const;
const BACKING = { none: 'nothing', certificates: 'energy certificates', credits: 'carbon credits' } as const;
const who = (party: { address: string; name: string | null }) => party.name ?? <Hash value={party.address} />;

export default function ChainTab({ id, name }: { id: string; name: string }) {
  const query = useQuery('devices.onChain', { id }, { refreshMs: 3_000 });
  const { may, why } = useMay('devices.chainAct');
  const [kind, setKind] = useState<DeviceActKind | null>(null);
  return (
    <Answer query={query} rows={6}>
      {(d) => {
        const blocked = d.meter === null ? 'The chain does not know this meter.' : d.chainInStep ? why : 'The chain is away.';
        const button = (label: string, to: DeviceActKind) => (
          <Button key={to} disabled={!may || d.meter === null || !d.chainInStep} title={blocked} onClick={() => setKind(to)}>
            {label}
          </Button>
        );
        // What may wait in the outbox while the chain is away.
        const waiting = (label: string, to: DeviceActKind) => (
          <Button key={to} disabled={!may} title={why} onClick={() => setKind(to)}>
            {label}
          </Button>
        );
        return (
          <div className="stack">
            <p className="dim small">
              {d.indexedBlock === null ? 'There is no copy of the chain yet.' : `Copy of the chain up to block ${fixed(d.indexedBlock, 0)}`}
              {d.indexedBlock !== null && !d.chainInStep && '; the chain is away, nothing newer is known'}
            </p>
            {d.note !== null && <p>{d.note}</p>}
            {d.differences.length > 0 && (
              <div role="alert" className="stack">
                <State kind="bad">The chain and this console disagree</State>
                <ul className="act-effects">
                  {d.differences.map((line) => (
                    <li key={line}>{line}</li>
                  ))}
                </ul>
              </div>
            )}
            {d.meter && <Registration meter={d.meter} shown={d.shown} />}
            {d.meter && (
              <div className="row wrap">
                {d.meter.state === 'registered' && button('Verify on site…', 'verify')}
                {button(d.meter.state === 'maintenance' ? 'End maintenance…' : 'Maintenance…', 'maintenance')}
                {button('Record firmware…', 'firmware')}
                {d.meter.tamper.length > 0 && button('Clear tamper reports…', 'clear-tamper')}
                {button('Report tampering…', 'report-tamper')}
                {d.meter.deviceClass === 'private' && (
                  <>
                    {d.meter.state !== 'retired' && waiting('New key…', 'rotate-key')}
                    {waiting(d.meter.state === 'retired' ? 'Install device…' : 'Swap device…', 'swap-device')}
                    {d.meter.state !== 'retired' && waiting('Retire…', 'retire')}
                  </>
                )}
              </div>
            )}
            {d.acts.length > 0 && (
              <Table
                caption="Acts for the chain"
                dense
                rows={d.acts}
                keyOf={(a) => a.id}
                columns={[
                  { id: 'what', head: 'Act', cell: (a) => a.title.replace(`${name}: `, '') },
                  {
                    id: 'state',
                    head: 'State',
                    cell: (a) => {
                      const [mark, word] = ACT_STATE[a.state === 'final' && a.lastError !== null ? 'failed' : a.state];
                      return (
                        <span title={a.lastError ?? undefined}>
                          <State kind={mark}>{word}</State>
                        </span>
                      );
                    },
                  },
                  { id: 'age', head: 'Since', cell: (a) => <Ago ms={a.createdMs} /> },
                  { id: 'tx', head: 'Transaction', cell: (a) => <Hash value={a.transaction} head={6} /> },
                ]}
              />
            )}
            {d.meter && d.meter.readings.length > 0 && <Readings meter={d.meter} />}
            {d.meter && (
              <ul className="stack chain-history" aria-label="History on the chain">
                {d.meter.history.slice(0, 12).map((h) => (
                  <li key={`${h.transaction}${h.text}`}>
                    <Time ms={h.timeMs} kind="dayMinute" /> <span>{h.text}</span>{' '}
                    <span className="dim small">block {fixed(h.block, 0)}</span> <Hash value={h.transaction} head={6} />
                  </li>
                ))}
              </ul>
            )}
            {kind !== null && d.meter && (
              <DeviceActDialog
                id={id}
                name={name}
                kind={kind}
                meter={d.meter}
                onClose={() => {
                  setKind(null);
                  query.reload();
                }}
              />
            )}
          </div>
        );
      }}
    </Answer>
  );
}

function Registration({ meter: m, shown }: { meter: Meter; shown: OnChain['shown'] }) {
  const [mark, word] = METER_STATE[m.state];
  const isPublic = m.deviceClass === 'public';
  return (
    <>
      <div className="row wrap">
        <State kind={mark}>{word}</State>
        {m.tamper.map((t) => (
          <State key={`${t.sign}${t.timeMs}`} kind="bad">
            Tampering reported: {t.sign}
          </State>
        ))}
      </div>
      <Facts
        facts={[
          ['Class', isPublic ? 'public: posts plain readings, backs energy tokens' : 'private: settles by proof, posts nothing plain'],
          ['Backs', BACKING[m.backing]],
          ['Number and epoch', `${m.meterId}, epoch ${m.epoch}`],
          ['Technology', `${m.technology}${m.renewableOnly ? ', nothing but renewable' : ''}, ${fixed(m.ratedW / 1000, 1)} kW`],
          ['Owner', who(m.owner)],
          ['Account', <Hash key="a" value={m.device.address} />],
          ['Grid node', m.gridNode === '' ? '—' : m.gridNode],
          [
            'Key',
            <span key="k" className="row">
              <Hash value={m.publicKey[0]} head={6} />
              <Hash value={m.publicKey[1]} head={6} />
            </span>,
          ],
          [
            'Shown by the meter',
            shown === null ? (
              'nothing since the console started'
            ) : (
              <span key="s" className="row">
                {shown.publicKey.join() === m.publicKey.join() ? 'the same key' : 'another key'}, serial number {shown.serial}
                <Hash value={shown.publicKey[0]} head={6} />
              </span>
            ),
          ],
          [
            'Registry',
            m.registryPosition === null ? (
              'not in the tree: only settling meters are'
            ) : (
              <span key="r" className="row">
                position {m.registryPosition} <Hash value={m.registryLeaf} head={6} />
              </span>
            ),
          ],
          [
            'Verified',
            m.verified === null ? (
              'not yet'
            ) : (
              <span key="v" className="row">
                by {who(m.verified.by)}, <Time ms={m.verified.timeMs} kind="dayMinute" />
              </span>
            ),
          ],
          [
            'Firmware',
            m.firmware === null ? (
              'not recorded'
            ) : (
              <span key="f" className="row">
                {m.firmware.version}, image <Hash value={m.firmware.imageHash} head={6} />
              </span>
            ),
          ],
          [
            'Maintenance',
            m.maintenance === null ? (
              'none noted'
            ) : (
              <span key="m">
                {m.maintenance.workOrder}
                {m.maintenance.dueMs !== null && (
                  <>
                    , next <Time ms={m.maintenance.dueMs} kind="dayMinute" />
                  </>
                )}
              </span>
            ),
          ],
          ...(isPublic
            ? ([
                ['Verified export', <Energy key="e" wh={m.verifiedExportWh} decimals={3} />],
                ['Energy tokens made', <Energy key="t" wh={m.mintedWh} decimals={3} />],
                ['Credits made', `${fixed(Number(m.creditsMg) / 1e6, 3)} kg CO₂e`],
              ] as const)
            : m.commitments > 0
              ? ([['Commitments posted', fixed(m.commitments, 0)]] as const)
              : []),
        ]}
      />
    </>
  );
}

function Readings({ meter }: { meter: Meter }) {
  return (
    <Table
      caption={`Readings on the chain, ${meter.readings.length} of ${meter.readingCount}`}
      dense
      maxHeight={300}
      rows={meter.readings}
      keyOf={(r) => String(r.id)}
      columns={[
        { id: 'i', head: 'Interval', align: 'right', cell: (r) => r.interval, sort: (r) => r.interval },
        { id: 'exp', head: 'Register kWh', align: 'right', cell: (r) => fixed(r.exportWh / 1000, 3) },
        {
          id: 'grown',
          head: 'Grown kWh',
          align: 'right',
          cell: (r) => (r.state === 'validated' ? fixed(r.growthWh / 1000, 3) : '—'),
        },
        { id: 'state', head: 'State', cell: (r) => <State kind={READING_STATE[r.state][0]}>{READING_STATE[r.state][1]}</State> },
        {
          id: 'made',
          head: 'Made of it',
          cell: (r) => <span className="nowrap">{madeOf(r)}</span>,
        },
        { id: 'tx', head: 'Transaction', cell: (r) => <Hash value={r.transaction} head={4} /> },
      ]}
    />
  );
}
function madeOf(r: Meter['readings'][number]): string {
  if (r.state !== 'validated') return '—';
  if (r.growthWh === 0) return 'nothing';
  const made = [r.mintedWh > 0 && 'tokens', r.creditsMg !== '0' && 'credits', r.certificate !== null && `bundle ${r.certificate}`];
  return made.filter((m) => m !== false).join(', ') || '—';
}
