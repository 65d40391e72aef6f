/** The catalogue of training faults: each says what it can hit, what it may be given, and how it starts and ends. */
import type { Rack } from '../devices/rack.ts';
import type { Metering } from '../metering/metering.ts';
import { tripBattery } from '../physics/battery.ts';
import type { PlantState } from '../physics/state.ts';
import { mendBranch } from '../physics/step.ts';
import { commandSwitch, tripSwitch } from '../physics/switchgear.ts';
import type { FaultDefinition, FaultParameter, Overrides } from './faults.ts';

export function faultDefinitions(parts: {
  state: PlantState;
  rack: Rack;
  metering: Metering;
  overrides: Overrides;
  renewKey: (deviceId: string) => void;
}): FaultDefinition[] {
  const { state, rack, metering, overrides, renewKey } = parts;
  const { file } = state;
  const devices = named(file.devices);
  const meters = named(file.devices.filter((d) => d.kind === 'meter'));
  const none: FaultParameter[] = [];
  const device = (
    kind: string,
    label: string,
    description: string,
    parameters: FaultParameter[],
    fault: (p: (n: string) => number) => Parameters<Rack['setFault']>[1],
  ): FaultDefinition => ({
    kind,
    label,
    description,
    targets: devices,
    parameters,
    start(target, p) {
      rack.setFault(target, fault(p));
      return () => rack.setFault(target, { kind: 'none' });
    },
  });
  const meter = (
    kind: string,
    label: string,
    description: string,
    parameters: FaultParameter[],
    set: (id: string, on: boolean, p: (n: string) => number) => void,
  ): FaultDefinition => ({
    kind,
    label,
    description,
    targets: meters,
    parameters,
    start(target, p) {
      set(target, true, p);
      return () => set(target, false, p);
    },
  });
  return [
    {
      kind: 'grid-loss',
      label: 'Loss of the main grid',
      description: 'The medium-voltage network goes dead. The interconnection relay opens, the battery carries the island.',
      targets: [],
      parameters: none,
      start() {
        state.mains.present = false;
        return () => {
          state.mains.present = true;
        };
      },
    },
    {
      kind: 'cloud',
      label: 'Cloud front',
      description: 'All PV falls by this share within a second.',
      targets: [],
      parameters: [{ name: 'depthPercent', label: 'Depth', unit: '%', default: 80, minimum: 1, maximum: 100 }],
      start(_target, p) {
        overrides.cloudDepth = p('depthPercent') / 100;
        return () => {
          overrides.cloudDepth = 0;
        };
      },
    },
    {
      kind: 'line-trip',
      label: 'Line trip',
      description: 'The line is cut. Where a relay stands on it, it trips; all behind it is dead until it is fed from elsewhere.',
      targets: named(file.grid.lines),
      parameters: none,
      start(target) {
        const branch = state.wires.branchIndex.get(target) as number;
        state.brokenBranches.add(branch);
        const s = state.switches.find((each) => state.branchOfSwitch.get(each.id) === branch);
        if (s?.closed) tripSwitch(s);
        return () => mendBranch(state, branch);
      },
    },
    {
      kind: 'relay-stuck',
      label: 'Relay stuck',
      description: 'The contacts do not move. The relay takes commands, its position feedback does not follow.',
      targets: named(file.grid.switches),
      parameters: none,
      start(target) {
        const s = state.switchById.get(target);
        if (s) s.stuck = true;
        return () => {
          if (s) s.stuck = false;
        };
      },
    },
    {
      kind: 'load-step',
      label: 'Load step',
      description: 'A member’s load is multiplied.',
      targets: named(file.grid.units.filter((u) => u.kind === 'load')),
      parameters: [{ name: 'factor', label: 'Factor', unit: '×', default: 2, minimum: 0, maximum: 20 }],
      start(target, p) {
        overrides.loadFactor.set(target, p('factor'));
        return () => void overrides.loadFactor.delete(target);
      },
    },
    {
      kind: 'battery-trip',
      label: 'Battery trips',
      description: 'The battery’s inverter stops and its switch opens; on an island without a running genset everything goes dark.',
      targets: [],
      parameters: none,
      start() {
        const s = state.battery?.unit.ownSwitch;
        if (state.battery) tripBattery(state.battery.machine);
        if (s) tripSwitch(s);
        return () => {
          if (s) commandSwitch(s, true, 0.1);
        };
      },
    },
    {
      kind: 'genset-no-start',
      label: 'Genset does not start',
      description: 'The starter turns, the engine does not fire; after three attempts the controller reports a start failure.',
      targets: [],
      parameters: none,
      start() {
        if (state.genset) state.genset.machine.refusesToStart = true;
        return () => {
          if (state.genset) state.genset.machine.refusesToStart = false;
        };
      },
    },
    device('device-silent', 'Device silent', 'The device takes requests and never answers.', none, () => ({ kind: 'silent' })),
    device(
      'device-slow',
      'Device slow',
      'Each answer comes late.',
      [{ name: 'delayMs', label: 'Delay', unit: 'ms', default: 900, minimum: 1, maximum: 60_000 }],
      (p) => ({
        kind: 'slow',
        delayMs: p('delayMs'),
      }),
    ),
    device('device-garbage', 'Device sends garbage', 'The device answers with bytes that are no Modbus.', none, () => ({
      kind: 'garbage',
    })),
    device('device-refuse', 'Device refuses connections', 'The device closes every connection at once.', none, () => ({
      kind: 'refuse-connections',
    })),
    meter(
      'meter-rollback',
      'Meter registers rolled back',
      'The import register shows and signs less than it did before.',
      [{ name: 'energyWh', label: 'Rolled back by', unit: 'Wh', default: 50_000, minimum: 1, maximum: 10_000_000 }],
      (id, on, p) => {
        metering.tamper(id).rollbackWh = on ? p('energyWh') : 0;
      },
    ),
    meter('meter-bad-signature', 'Meter readings altered', 'Readings are changed after they were signed.', none, (id, on) => {
      metering.tamper(id).badSignature = on;
    }),
    meter('meter-cover', 'Meter cover opened', 'The terminal cover is opened; the meter raises its event flag.', none, (id, on) => {
      metering.tamper(id).coverOpen = on;
    }),
    {
      kind: 'meter-new-key',
      label: 'Meter shows a new key',
      description:
        'The meter has got another key for good: it shows it and signs with it. Nothing of it counts before the key is commissioned.',
      targets: named(file.devices.filter((d) => d.meter?.settling)),
      parameters: none,
      start(target) {
        renewKey(target);
        // There is no way back to a key that was given up.
        return () => {};
      },
    },
    meter(
      'meter-clock-step',
      'Meter clock stepped',
      'The meter’s clock jumps, and its readings name the wrong interval.',
      [{ name: 'intervals', label: 'Step', unit: 'intervals', default: 8, minimum: -1000, maximum: 1000 }],
      (id, on, p) => {
        metering.tamper(id).intervalShift = on ? p('intervals') : 0;
      },
    ),
  ];
}

function named(items: readonly { id: string; name: string }[]): { id: string; name: string }[] {
  return items.map(({ id, name }) => ({ id, name }));
}
