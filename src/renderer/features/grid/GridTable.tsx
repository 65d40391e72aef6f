/** The same grid as a table, for reading down a column and for screen readers. */
import { Tabs } from '@mantine/core';
import type { GridTopology } from '../../../shared/contract/grid.ts';
import { useTopic } from '../../app/hooks.ts';
import { Num } from '../../components/Num.tsx';
import { type Column, Table } from '../../components/Table.tsx';

export function GridTable({ topology, openKey, onOpen }: { topology: GridTopology; openKey: string | null; onOpen: (id: string) => void }) {
  const grid = useTopic('grid');
  const busName = (id: string) => topology.buses.find((b) => b.id === id)?.name ?? id;
  type Bus = GridTopology['buses'][number];
  type Branch = GridTopology['branches'][number];
  type Unit = GridTopology['units'][number];
  type Switch = GridTopology['switches'][number];
  const buses: Column<Bus>[] = [
    { id: 'name', head: 'Bus', cell: (b) => b.name, sort: (b) => b.name },
    { id: 'kv', head: 'Nominal', align: 'right', cell: (b) => `${b.nominalKv} kV`, sort: (b) => b.nominalKv },
    {
      id: 'v',
      head: 'Voltage',
      align: 'right',
      cell: (b) => <Num value={grid?.buses[b.id]?.vmPu} unit="pu" />,
      sort: (b) => grid?.buses[b.id]?.vmPu.value ?? 0,
    },
    { id: 'state', head: 'State', cell: (b) => grid?.buses[b.id]?.state ?? 'unknown', sort: (b) => grid?.buses[b.id]?.state ?? '' },
  ];
  const branches: Column<Branch>[] = [
    { id: 'name', head: 'Branch', cell: (b) => b.name, sort: (b) => b.name },
    { id: 'ends', head: 'From – to', cell: (b) => `${busName(b.from)} – ${busName(b.to)}` },
    { id: 'detail', head: 'Type', cell: (b) => b.detail },
    {
      id: 'p',
      head: 'Power',
      align: 'right',
      cell: (b) => <Num value={grid?.branches[b.id]?.powerW} unit="W" />,
      sort: (b) => grid?.branches[b.id]?.powerW.value ?? 0,
    },
    {
      id: 'l',
      head: 'Loading',
      align: 'right',
      cell: (b) => <Num value={grid?.branches[b.id]?.loadingPercent} unit="%" />,
      sort: (b) => grid?.branches[b.id]?.loadingPercent.value ?? 0,
    },
    { id: 'state', head: 'State', cell: (b) => grid?.branches[b.id]?.state ?? 'unknown' },
  ];
  const units: Column<Unit>[] = [
    { id: 'name', head: 'Unit', cell: (u) => u.name, sort: (u) => u.name },
    { id: 'kind', head: 'Kind', cell: (u) => (u.critical ? `${u.kind}, critical` : u.kind), sort: (u) => u.kind },
    { id: 'bus', head: 'Bus', cell: (u) => busName(u.bus), sort: (u) => busName(u.bus) },
    {
      id: 'p',
      head: 'Power',
      align: 'right',
      cell: (u) => <Num value={grid?.units[u.id]?.powerW} unit="W" as="unit" />,
      sort: (u) => grid?.units[u.id]?.powerW.value ?? 0,
    },
    { id: 'rated', head: 'Rated', align: 'right', cell: (u) => `${(u.ratedW / 1000).toFixed(1)} kW`, sort: (u) => u.ratedW },
    {
      id: 'mode',
      head: 'Commanded by',
      cell: (u) => ({ auto: 'control functions', manual: 'operator', passive: 'nobody' })[grid?.units[u.id]?.mode ?? 'passive'],
    },
    { id: 'state', head: 'State', cell: (u) => grid?.units[u.id]?.state ?? 'unknown' },
  ];
  const switches: Column<Switch>[] = [
    { id: 'name', head: 'Switch', cell: (s) => s.name, sort: (s) => s.name },
    { id: 'kind', head: 'Kind', cell: (s) => s.kind, sort: (s) => s.kind },
    {
      id: 'position',
      head: 'Position',
      cell: (s) => grid?.switches[s.id]?.position ?? 'unknown',
      sort: (s) => grid?.switches[s.id]?.position ?? '',
    },
    { id: 'normal', head: 'Normally', cell: (s) => s.normal },
    { id: 'quality', head: 'Position read', cell: (s) => grid?.switches[s.id]?.quality ?? 'missing' },
    { id: 'tag', head: 'Tag', cell: (s) => (grid?.switches[s.id]?.tagged ? 'lock-out tag' : '') },
  ];
  return (
    <Tabs defaultValue="units">
      <Tabs.List aria-label="Elements">
        <Tabs.Tab value="units">Units ({topology.units.length})</Tabs.Tab>
        <Tabs.Tab value="switches">Switches ({topology.switches.length})</Tabs.Tab>
        <Tabs.Tab value="buses">Buses ({topology.buses.length})</Tabs.Tab>
        <Tabs.Tab value="branches">Lines and transformers ({topology.branches.length})</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="units">
        <Table
          caption="Units"
          columns={units}
          rows={topology.units}
          keyOf={(u) => u.id}
          openKey={openKey}
          onOpen={(u) => onOpen(u.id)}
          dense
        />
      </Tabs.Panel>
      <Tabs.Panel value="switches">
        <Table
          caption="Switches"
          columns={switches}
          rows={topology.switches}
          keyOf={(s) => s.id}
          openKey={openKey}
          onOpen={(s) => onOpen(s.id)}
          dense
        />
      </Tabs.Panel>
      <Tabs.Panel value="buses">
        <Table
          caption="Buses"
          columns={buses}
          rows={topology.buses}
          keyOf={(b) => b.id}
          openKey={openKey}
          onOpen={(b) => onOpen(b.id)}
          dense
        />
      </Tabs.Panel>
      <Tabs.Panel value="branches">
        <Table
          caption="Lines and transformers"
          columns={branches}
          rows={topology.branches}
          keyOf={(b) => b.id}
          openKey={openKey}
          onOpen={(b) => onOpen(b.id)}
          dense
        />
      </Tabs.Panel>
    </Tabs>
  );
}
