/** A plant of six devices on real Modbus servers, for tests: main grid – breaker – one bus with load, clinic, PV and battery. */

import { loadProfile } from '../../../drivers/modbus/device-profile.ts';
import { buildProfileImage, type ProfileImage } from '../../../drivers/modbus/profile-image.ts';
import { type DeviceFault, type ModbusServer, openModbusServer } from '../../../drivers/modbus/server.ts';
import { buildSunSpecMap, type SunSpecImage } from '../../../drivers/modbus/sunspec/image.ts';
import { type PlantFile, parsePlantFile } from '../../shared/plant-file.ts';
import type { DeviceAddress } from './device-runtime.ts';

const tcp = { transport: 'modbus-tcp', host: '127.0.0.1', port: 0, unitId: 1 };
const sunspec = (...models: number[]) => ({ kind: 'sunspec', baseAddress: 40000, models });
const profile = (id: string) => ({ kind: 'profile', profile: id });
const device = (id: string, kind: string, protocol: unknown, extra = {}) => ({
  id,
  name: `Device ${id}`,
  kind,
  manufacturer: 'Test',
  model: 'T1',
  serial: `SN-${id}`,
  protocol,
  connection: tcp,
  pollMs: 100,
  maxAgeMs: 800,
  ...extra,
});
const meter = (id: string, meterId: number, ratedW: number, settling = true) =>
  device(id, 'meter', sunspec(1, 203), { meter: { meterId, settling, renewableOnly: false, technology: 'none', ratedW } });
const onUnit = (id: string, unit: string, relay: string, coil: number) => ({
  id,
  name: `Switch of ${unit}`,
  kind: 'unit',
  on: { kind: 'unit', id: unit },
  normal: 'closed',
  relay,
  coil,
});

export function testPlantFile(change: (plant: Record<string, unknown>) => void = () => {}): PlantFile {
  const json: Record<string, unknown> = {
    schema: 'plant/1',
    id: 'test',
    name: 'Test plant',
    notes: '',
    timeZone: 'Europe/Berlin',
    location: { latitudeDeg: 50, longitudeDeg: 8 },
    nominal: { frequencyHz: 50, voltageV: 400 },
    tripProfile: { id: 'test', source: 'test', underFrequency: [], overFrequency: [], underVoltage: [], overVoltage: [] },
    limits: { importMaxW: 50_000, exportMaxW: 30_000, voltageMinPu: 0.9, voltageMaxPu: 1.1, frequencyMinHz: 49.5, frequencyMaxHz: 50.5 },
    grid: {
      baseMva: 0.1,
      gridBus: 'mv',
      gridVoltagePu: 1.0,
      buses: [
        { id: 'mv', name: 'Main grid', nominalKv: 20 },
        { id: 'lv', name: 'Busbar', nominalKv: 0.4 },
        { id: 'end', name: 'Line end', nominalKv: 0.4 },
      ],
      lines: [
        { id: 'l1', name: 'Line', from: 'lv', to: 'end', rOhm: 0.05, xOhm: 0.02, bUs: 10, ratedA: 270, lengthKm: 0.2, type: 'cable' },
        {
          id: 'l2',
          name: 'Second line',
          from: 'lv',
          to: 'end',
          rOhm: 0.05,
          xOhm: 0.02,
          bUs: 10,
          ratedA: 270,
          lengthKm: 0.2,
          type: 'cable',
        },
      ],
      transformers: [
        {
          id: 'tr',
          name: 'Transformer',
          hv: 'mv',
          lv: 'lv',
          snKva: 160,
          vnHvKv: 20,
          vnLvKv: 0.4,
          vkPercent: 4,
          vkrPercent: 1.5,
          pfeKw: 0.4,
          i0Percent: 0.3,
          tapPos: 0,
          tapStepPercent: 2.5,
        },
      ],
      switches: [
        {
          id: 'q-pcc',
          name: 'Interconnection',
          kind: 'interconnection',
          on: { kind: 'transformer', id: 'tr' },
          normal: 'closed',
          relay: 'relay-pcc',
          coil: 0,
        },
        { id: 'q-line', name: 'Feeder', kind: 'feeder', on: { kind: 'line', id: 'l1' }, normal: 'closed', relay: 'relay-1', coil: 0 },
        { id: 'q-tie', name: 'Tie', kind: 'tie', on: { kind: 'line', id: 'l2' }, normal: 'open', relay: 'relay-1', coil: 1 },
        onUnit('q-load', 'load', 'relay-1', 2),
        onUnit('q-clinic', 'clinic', 'relay-1', 3),
        onUnit('q-pv', 'pv', 'relay-1', 4),
        onUnit('q-battery', 'battery', 'relay-1', 5),
      ],
      units: [
        { id: 'load', name: 'Load', kind: 'load', bus: 'end', ratedW: 20_000, meter: 'meter-load' },
        { id: 'clinic', name: 'Clinic', kind: 'load', bus: 'lv', ratedW: 10_000, critical: true, meter: 'meter-clinic' },
        { id: 'pv', name: 'PV', kind: 'solar', bus: 'end', ratedW: 30_000, controller: 'inverter', meter: 'meter-load' },
        { id: 'battery', name: 'Battery', kind: 'battery', bus: 'lv', ratedW: 40_000, capacityWh: 80_000, controller: 'battery' },
      ],
      interconnectionMeter: 'meter-pcc',
    },
    devices: [
      meter('meter-pcc', 100, 50_000, false),
      meter('meter-load', 1, 30_000),
      meter('meter-clinic', 2, 10_000),
      device('inverter', 'solar-inverter', sunspec(1, 103, 123)),
      device('battery', 'battery', sunspec(1, 701, 704, 713)),
      device('relay-pcc', 'relay', profile('interconnection-relay')),
      device('relay-1', 'relay', profile('relay-unit')),
    ],
    members: [
      { id: 'house', name: 'House', category: 'residential', meter: 'meter-load', bus: 'end' },
      { id: 'clinic', name: 'Clinic', category: 'public', meter: 'meter-clinic', bus: 'lv' },
    ],
    market: {
      intervalMs: 900_000,
      ordersCloseBeforeGateMs: 120_000,
      gateClosesBeforeEndMs: 60_000,
      currency: 'EUR',
      importTariffMilliCentsPerKwh: 30_000,
      feedInTariffMilliCentsPerKwh: 8000,
    },
    control: {
      cycleMs: 1000,
      shedOrder: ['q-load'],
      batterySocMinPercent: 15,
      batterySocMaxPercent: 95,
      peakImportW: 40_000,
      setpointRevertS: 30,
    },
    emergency: {
      defaultLevel: 'keep-clinic',
      deadlineMs: 1500,
      levels: [
        { id: 'keep-clinic', name: 'All but the clinic', description: 'test', opens: ['q-load', 'q-pv'], keepsCritical: true },
        {
          id: 'everything',
          name: 'Everything',
          description: 'test',
          opens: ['q-pcc', 'q-load', 'q-clinic', 'q-pv', 'q-battery'],
          keepsCritical: false,
        },
      ],
    },
    carbon: { zone: 'DE', gridIntensityGPerKwh: 380, source: 'test' },
    simulation: {},
  };
  change(json);
  const parsed = parsePlantFile(json);
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join('; '));
  return parsed.plant;
}

export interface TestField {
  readonly plant: PlantFile;
  readonly addresses: Record<string, DeviceAddress>;
  readonly sunspec: Record<string, SunSpecImage>;
  readonly relays: Record<string, ProfileImage>;
  readonly faults: Record<string, DeviceFault>;
  /** Channels that do not follow their coil, as `relay-1/2`. */
  readonly stuck: Set<string>;
  /** Coil writes seen, as `relay-1/2=0`. */
  readonly coilWrites: string[];
  close(): Promise<void>;
}

export async function openTestField(plant = testPlantFile()): Promise<TestField> {
  const images: Record<string, SunSpecImage> = {};
  const relays: Record<string, ProfileImage> = {};
  const faults: Record<string, DeviceFault> = {};
  const addresses: Record<string, DeviceAddress> = {};
  const stuck = new Set<string>();
  const coilWrites: string[] = [];
  const servers: ModbusServer[] = [];
  const timers = new Set<NodeJS.Timeout>();
  for (const spec of plant.devices) {
    if (spec.kind === 'relay' && spec.protocol.kind === 'profile') {
      const image = buildProfileImage(loadProfile(spec.protocol.profile));
      const main = plant.grid.switches.some((s) => s.relay === spec.id && s.kind === 'interconnection');
      const closeName = (coil: number) => (main ? 'breakerClose' : `relay${coil + 1}Close`);
      const closedName = (coil: number) => (main ? 'breakerClosed' : `relay${coil + 1}Closed`);
      for (const s of plant.grid.switches.filter((x) => x.relay === spec.id)) {
        image.set(closeName(s.coil), s.normal === 'closed' ? 1 : 0);
        image.set(closedName(s.coil), s.normal === 'closed' ? 1 : 0);
      }
      if (main) image.setAll({ gridHealthy: 1, syncCheckOk: 1, gridFrequencyHz: 50, busFrequencyHz: 50, remoteEnabled: 1 });
      image.onWrite((writes) => {
        for (const { name, value } of writes) {
          const match = /^(?:relay(\d+)|breaker)Close$/.exec(name);
          if (!match) continue;
          const coil = match[1] ? Number(match[1]) - 1 : 0;
          coilWrites.push(`${spec.id}/${coil}=${value}`);
          if (stuck.has(`${spec.id}/${coil}`)) continue;
          const timer = setTimeout(() => {
            timers.delete(timer);
            image.set(closedName(coil), Number(value));
          }, 60);
          timers.add(timer);
        }
      });
      relays[spec.id] = image;
    } else images[spec.id] = sunspecImage(spec.kind);
    const unit = (relays[spec.id] ?? images[spec.id])?.unit;
    if (!unit) throw new Error(`no image for ${spec.id}`);
    const server = await openModbusServer({ port: 0, units: new Map([[1, unit]]), fault: () => faults[spec.id] ?? { kind: 'none' } });
    servers.push(server);
    addresses[spec.id] = { host: '127.0.0.1', port: server.port, unitId: 1 };
  }
  return {
    plant,
    addresses,
    sunspec: images,
    relays,
    faults,
    stuck,
    coilWrites,
    async close() {
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(servers.map((s) => s.close()));
    },
  };
}

function sunspecImage(kind: string): SunSpecImage {
  const common = { id: 1, values: { Mn: 'Test', Md: 'T1', SN: '1', Vr: '1.2.3' } };
  if (kind === 'meter') {
    const values = {
      W_SF: 0,
      VAR_SF: 0,
      V_SF: -1,
      Hz_SF: -2,
      TotWh_SF: 0,
      W: 1000,
      VAR: 100,
      PhV: 230,
      Hz: 50,
      TotWhImp: 5000,
      TotWhExp: 10,
      Evt: 0,
    };
    return buildSunSpecMap({ models: [common, { id: 203, values }] });
  }
  if (kind === 'solar-inverter') {
    return buildSunSpecMap({
      models: [
        common,
        { id: 103, values: { W_SF: 0, V_SF: -1, Hz_SF: -2, VAr_SF: 0, W: 5000, PhVphA: 230, Hz: 50, VAr: 0, St: 4 } },
        { id: 123, values: { WMaxLimPct_SF: -1, WMaxLimPct: 100, WMaxLim_Ena: 0, WMaxLimPct_RvrtTms: 60, Conn: 1 } },
      ],
    });
  }
  return buildSunSpecMap({
    models: [
      common,
      { id: 701, values: { W_SF: 0, Var_SF: 0, V_SF: -1, Hz_SF: -2, W: -2000, Var: 0, LNV: 230, Hz: 50, InvSt: 3, DERMode: 1 } },
      { id: 704, values: { WSet_SF: 0, WSetEna: 0, WSetMod: 0, WSet: 0, WSetRvrt: 0, WSetRvrtTms: 60 } },
      { id: 713, values: { WH_SF: 0, Pct_SF: -1, SoC: 55, WHRtg: 60_000 } },
    ],
  });
}
