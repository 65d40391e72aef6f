/** Certificates, newest first, by device. */
import { NativeSelect } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { Certificate } from '../../../shared/contract/exchange.ts';
import { useQuery } from '../../app/hooks.ts';
import { State } from '../../components/Facts.tsx';
import { Energy } from '../../components/Num.tsx';
import { Answer, Empty } from '../../components/Page.tsx';
import { type Column, Table } from '../../components/Table.tsx';
import { PlantTime } from '../../components/Time.tsx';

const STATE: Record<Certificate['state'], readonly ['good' | 'wait' | 'off', string]> = {
  active: ['good', 'Active'],
  reserved: ['wait', 'Reserved'],
  locked: ['wait', 'Locked'],
  cancelled: ['off', 'Cancelled'],
  claimed: ['off', 'Claimed'],
  expired: ['off', 'Expired'],
  withdrawn: ['off', 'Withdrawn'],
};
export function CertificateStateWord({ state }: { state: Certificate['state'] }) {
  const [kind, word] = STATE[state];
  return <State kind={kind}>{word}</State>;
}
const ON_CHAIN: Record<Certificate['onChain']['state'], readonly ['good' | 'wait' | 'bad', string]> = {
  waiting: ['wait', 'Waiting'],
  confirmed: ['good', 'Agrees'],
  differs: ['bad', 'Differs'],
};
export function OnChainWord({ onChain }: { onChain: Certificate['onChain'] }) {
  const [kind, word] = ON_CHAIN[onChain.state];
  return <State kind={kind}>{word}</State>;
}
const COLUMNS: readonly Column<Certificate>[] = [
  {
    id: 'id',
    head: 'Certificate',
    cell: (c) => <span className="mono">{c.id.length > 38 ? `${c.id.slice(0, 36)}…` : c.id}</span>,
    sort: (c) => c.id,
  },
  { id: 'interval', head: 'Made in (plant time)', cell: (c) => <PlantTime ms={c.startMs} kind="dayMinute" />, sort: (c) => c.startMs },
  { id: 'device', head: 'Device', cell: (c) => c.deviceName, sort: (c) => c.deviceName },
  { id: 'tech', head: 'Technology', cell: (c) => c.technology, sort: (c) => c.technology },
  { id: 'energy', head: 'Energy', align: 'right', cell: (c) => <Energy wh={c.energyWh} decimals={3} />, sort: (c) => c.energyWh },
  { id: 'holder', head: 'Holder', cell: (c) => c.holder, sort: (c) => c.holder },
  { id: 'state', head: 'State', cell: (c) => <CertificateStateWord state={c.state} />, sort: (c) => c.state },
  {
    id: 'chain',
    head: 'On chain',
    cell: (c) => (
      <span title={c.onChain.text}>
        <OnChainWord onChain={c.onChain} />
      </span>
    ),
    sort: (c) => c.onChain.state,
  },
];

export function Ledger({ open, onOpen }: { open: string | null; onOpen: (id: string) => void }) {
  const [device, setDevice] = useState('');
  const devices = useQuery('devices.list', {});
  const list = useQuery('carbon.certificates', { limit: 300, device: device === '' ? undefined : device }, { refreshMs: 10_000 });
  const meters = useMemo(() => devices.data?.filter((d) => d.kind === 'meter') ?? [], [devices.data]);
  return (
    <>
      <div className="row filter-line">
        <NativeSelect
          aria-label="Device"
          value={device}
          onChange={(e) => setDevice(e.currentTarget.value)}
          data={[{ value: '', label: 'All devices' }, ...meters.map((d) => ({ value: d.id, label: d.name }))]}
        />
        {list.data && (
          <span className="dim small">
            {list.data.certificates.length} of {list.data.total}
          </span>
        )}
      </div>
      <Answer query={list} rows={5}>
        {({ certificates }) =>
          certificates.length === 0 ? (
            <Empty
              what="No certificate yet."
              how="One is issued for every device and settled interval in which a renewable meter exported energy."
            />
          ) : (
            <Table
              caption="Certificates"
              columns={COLUMNS}
              rows={certificates}
              keyOf={(c) => c.id}
              onOpen={(c) => onOpen(c.id)}
              openKey={open}
              dense
              maxHeight={420}
            />
          )
        }
      </Answer>
    </>
  );
}
