/** Every device with its state and the age of its data; a face-plate with raw registers beside scaled values. */
import { SegmentedControl } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { DeviceSummary } from '../../../shared/contract/operations.ts';
import { milliseconds, span } from '../../app/format.ts';
import { useTopic } from '../../app/hooks.ts';
import { replaceRoute, useRoute } from '../../app/router.ts';
import { State } from '../../components/Facts.tsx';
import { Empty, Loading, PageFrame, Panel } from '../../components/Page.tsx';
import { type Column, Table } from '../../components/Table.tsx';
import { DevicePanel } from './DevicePanel.tsx';

export const DEVICE_STATE: Record<DeviceSummary['state'], readonly ['good' | 'work' | 'wait' | 'bad' | 'off', string]> = {
  online: ['good', 'Online'],
  slow: ['work', 'Slow'],
  silent: ['bad', 'Silent'],
  garbage: ['bad', 'Sends garbage'],
  disabled: ['off', 'Not polled'],
  starting: ['wait', 'Starting'],
};
export const DEVICE_KIND: Record<DeviceSummary['kind'], string> = {
  meter: 'Meter',
  'solar-inverter': 'Solar inverter',
  'wind-inverter': 'Wind converter',
  'hydro-controller': 'Hydro controller',
  battery: 'Battery',
  genset: 'Genset',
  relay: 'Relay',
};
const COLUMNS: readonly Column<DeviceSummary>[] = [
  { id: 'name', head: 'Device', cell: (d) => d.name, sort: (d) => d.name },
  { id: 'kind', head: 'Kind', cell: (d) => DEVICE_KIND[d.kind], sort: (d) => d.kind },
  {
    id: 'state',
    head: 'State',
    cell: (d) => (
      <span title={d.why ?? undefined}>
        <State kind={DEVICE_STATE[d.state][0]}>{DEVICE_STATE[d.state][1]}</State>
      </span>
    ),
    sort: (d) => d.state,
  },
  {
    id: 'age',
    head: 'Oldest value',
    align: 'right',
    cell: (d) => (d.oldestAgeMs === null ? '—' : d.oldestAgeMs < 10_000 ? milliseconds(d.oldestAgeMs) : span(d.oldestAgeMs)),
    sort: (d) => d.oldestAgeMs ?? -1,
  },
  {
    id: 'latency',
    head: 'Answers in',
    align: 'right',
    cell: (d) => (d.latencyMs === null ? '—' : milliseconds(d.latencyMs)),
    sort: (d) => d.latencyMs ?? -1,
  },
  { id: 'life', head: 'Life', cell: (d) => d.lifecycle, sort: (d) => d.lifecycle },
  { id: 'fw', head: 'Firmware', cell: (d) => d.firmware ?? '—', sort: (d) => d.firmware ?? '' },
  {
    id: 'key',
    head: 'Key on chain',
    cell: (d) => (d.keyRegistered === null ? '' : d.keyRegistered ? 'registered' : 'not registered'),
    sort: (d) => String(d.keyRegistered),
  },
  { id: 'q', head: 'Kept apart', align: 'right', cell: (d) => (d.quarantined === 0 ? '' : d.quarantined), sort: (d) => d.quarantined },
  { id: 'addr', head: 'Address', cell: (d) => <span className="mono dim">{d.address}</span>, sort: (d) => d.address },
];

export default function DevicesPage() {
  const devices = useTopic('devices');
  const { target } = useRoute();
  const [filter, setFilter] = useState('all');
  const [text, setText] = useState('');
  const shown = useMemo(
    () =>
      (devices ?? []).filter(
        (d) =>
          (filter === 'all' ||
            (filter === 'trouble'
              ? d.state !== 'online' || d.quarantined > 0
              : filter === 'meter'
                ? d.kind === 'meter'
                : filter === 'relay'
                  ? d.kind === 'relay'
                  : d.kind !== 'meter' && d.kind !== 'relay')) &&
          `${d.name} ${d.id} ${d.serial} ${d.manufacturer} ${d.model} ${d.address}`.toLowerCase().includes(text.trim().toLowerCase()),
      ),
    [devices, filter, text],
  );
  const online = devices?.filter((d) => d.state === 'online').length ?? 0;
  return (
    <PageFrame
      title="Devices"
      about={devices && `${online} of ${devices.length} online`}
      actions={
        <>
          <input
            type="search"
            className="search"
            aria-label="Find a device"
            placeholder="Find a device ( / )"
            value={text}
            onChange={(e) => setText(e.target.value)}
          />
          <SegmentedControl
            aria-label="Show"
            value={filter}
            onChange={setFilter}
            data={[
              { value: 'all', label: 'All' },
              { value: 'trouble', label: 'Not well' },
              { value: 'meter', label: 'Meters' },
              { value: 'source', label: 'Sources' },
              { value: 'relay', label: 'Relays' },
            ]}
          />
        </>
      }
    >
      <div className="with-side">
        <Panel flush className="side-main">
          {devices === undefined ? (
            <Loading rows={10} />
          ) : shown.length === 0 ? (
            <Empty
              what={
                devices.length === 0
                  ? 'The plant file names no devices.'
                  : filter === 'trouble'
                    ? 'Every device is well.'
                    : 'No device matches.'
              }
              how={devices.length === 0 ? 'Devices in the plant file appear here with their state as soon as they are polled.' : undefined}
            />
          ) : (
            <Table
              caption="Devices"
              columns={target === null ? COLUMNS : COLUMNS.slice(0, 5)}
              rows={shown}
              keyOf={(d) => d.id}
              openKey={target}
              onOpen={(d) => replaceRoute('devices', d.id === target ? null : d.id)}
              dense
              maxHeight="calc(100vh - 210px)"
            />
          )}
        </Panel>
        {target !== null && <DevicePanel key={target} id={target} onClose={() => replaceRoute('devices')} />}
      </div>
    </PageFrame>
  );
}
