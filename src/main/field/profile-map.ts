/** What to read from a device with a profile (genset, hydro, relays), and how its rows become points. */
import type { DeviceProfile, ProfileRow } from '../../../drivers/modbus/device-profile.ts';
import type { PlantDevice, PlantSwitch } from '../../shared/plant-file.ts';
import type { Derived, Tags } from './sunspec-map.ts';

export interface ProfileMap {
  readonly wanted: (row: ProfileRow) => boolean;
  /** Points by `<name>` belong to the device; those of relays come by their full id. */
  derive(tags: Tags): { own: Derived; bySwitch: ReadonlyMap<string, Derived> };
}

const nothing: Derived = {};
const none: ReadonlyMap<string, Derived> = new Map();
const at = (tags: Tags, name: string): number | null => tags.get(name) ?? null;

export function profileMap(
  device: PlantDevice,
  profile: DeviceProfile,
  context: { switches: readonly PlantSwitch[]; ratedW: number },
): ProfileMap | null {
  if (device.kind === 'genset') return gensetMap;
  if (device.kind === 'hydro-controller') return hydroMap(context.ratedW);
  if (device.kind === 'relay') return relayMap(device, profile, context.switches);
  return null;
}

const only = (...names: string[]): ((row: ProfileRow) => boolean) => {
  const set = new Set(names);
  return (row) => set.has(row.name);
};

/** States of the genset profile from which it can take load: 3 running unloaded, 4 loaded. */
const gensetMap: ProfileMap = {
  wanted: only('mode', 'activePowerSetpointW', 'state', 'activePowerW', 'reactivePowerVar', 'voltageV', 'frequencyHz', 'fuelLevelPercent'),
  derive: (t) => {
    const state = at(t, 'state');
    return {
      own: {
        W: at(t, 'activePowerW'),
        VAR: at(t, 'reactivePowerVar'),
        setW: at(t, 'activePowerSetpointW'),
        V: at(t, 'voltageV'),
        Hz: at(t, 'frequencyHz'),
        state,
        running: state === null ? null : state === 3 || state === 4 ? 1 : 0,
        fuelPercent: at(t, 'fuelLevelPercent'),
      },
      bySwitch: none,
    };
  },
};

const hydroMap = (ratedW: number): ProfileMap => ({
  wanted: only('activePowerLimitW', 'state', 'activePowerW', 'reactivePowerVar', 'voltageV', 'frequencyHz'),
  derive: (t) => {
    const limitW = at(t, 'activePowerLimitW');
    return {
      own: {
        W: at(t, 'activePowerW'),
        VAR: at(t, 'reactivePowerVar'),
        V: at(t, 'voltageV'),
        Hz: at(t, 'frequencyHz'),
        limitPercent: limitW === null ? null : Math.min(100, (-limitW / ratedW) * 100),
        state: at(t, 'state'),
      },
      bySwitch: none,
    };
  },
});

/** Position feedback is the discrete input at the coil's address; the trip flag is the row that says "Tripped" for the same channel. */
function relayMap(device: PlantDevice, profile: DeviceProfile, switches: readonly PlantSwitch[]): ProfileMap {
  const channels = switches
    .filter((s) => s.relay === device.id)
    .map((s) => {
      const closed = profile.rows.find((r) => r.table === 'discrete' && r.address === s.coil)?.name ?? '';
      const tripped = profile.rows.find((r) => r.table === 'discrete' && r.name === closed.replace('Closed', 'Tripped'))?.name ?? '';
      return { id: s.id, closed, tripped };
    });
  const interconnection = profile.rows.some((r) => r.name === 'syncCheckOk');
  const names = new Set(channels.flatMap((c) => [c.closed, c.tripped]));
  const extra = [
    'gridHealthy',
    'syncCheckOk',
    'gridFrequencyHz',
    'busFrequencyHz',
    'gridVoltageV',
    'busVoltageV',
    'angleDifferenceDeg',
    'activePowerW',
  ];
  return {
    wanted: (row) => names.has(row.name) || (interconnection && extra.includes(row.name)),
    derive: (t) => ({
      own: interconnection
        ? {
            gridHz: at(t, 'gridFrequencyHz'),
            busHz: at(t, 'busFrequencyHz'),
            gridV: at(t, 'gridVoltageV'),
            busV: at(t, 'busVoltageV'),
            angleDeg: at(t, 'angleDifferenceDeg'),
            syncOk: at(t, 'syncCheckOk'),
            gridHealthy: at(t, 'gridHealthy'),
            W: at(t, 'activePowerW'),
          }
        : nothing,
      bySwitch: new Map(channels.map((c) => [c.id, { closed: at(t, c.closed), tripped: at(t, c.tripped) }])),
    }),
  };
}
