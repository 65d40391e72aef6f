import { afterEach, describe, expect, it } from 'vitest';
import { runCommand } from '../command.ts';
import { openLink, registerReader } from '../link.ts';
import type { ReadOutcome, RegisterReader } from '../requests.ts';
import { openModbusServer } from '../server.ts';
import { plainDevice } from '../testing.ts';
import type { ModbusUnit } from '../unit.ts';
import { type DiscoveredModel, discoverSunSpec } from './discover.ts';
import { buildSunSpecMap, type SunSpecImage } from './image.ts';
import { findModel, sunspecTagGroup, sunspecWrite } from './tags.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function inverter(baseAddress = 40000): SunSpecImage {
  return buildSunSpecMap({
    baseAddress,
    models: [
      { id: 1, values: { Mn: 'Busbar', Md: 'Simulated PV', SN: 'PV-7', Vr: '1.0' } },
      { id: 103, values: { W_SF: 0, Hz_SF: -2, V_SF: -1, A_SF: -1, WH_SF: 0, W: 4210, Hz: 49.98, PhVphA: 231.4, WH: 1_234_567, St: 4 } },
      { id: 123, values: { WMaxLimPct_SF: -1, OutPFSet_SF: -2, WMaxLimPct: 100, WMaxLim_Ena: 0, Conn: 1, WMaxLimPct_RvrtTms: 60 } },
    ],
  });
}

async function serve(units: Map<number, ModbusUnit>) {
  const server = await openModbusServer({ port: 0, units });
  cleanups.push(() => server.close());
  const link = openLink({ host: '127.0.0.1', port: server.port, name: 'PV of the mill' });
  cleanups.push(() => link.close());
  return link;
}

async function found(read: RegisterReader): Promise<DiscoveredModel[]> {
  const discovery = await discoverSunSpec(read);
  if (discovery.kind !== 'found') throw new Error(JSON.stringify(discovery));
  return discovery.models;
}

describe('discovery', () => {
  it.each([40000, 0, 50000])('finds the models of a map at %i over a real connection', async (base) => {
    const link = await serve(new Map([[1, inverter(base).unit]]));
    const discovery = await discoverSunSpec(registerReader(link, 1));
    expect(discovery).toMatchObject({ kind: 'found', baseAddress: base });
    if (discovery.kind === 'found')
      expect(discovery.models.map(({ id, length }) => [id, length])).toEqual([
        [1, 66],
        [103, 50],
        [123, 24],
      ]);
  });

  it('reads models longer than one request and repeating curves', async () => {
    const image = buildSunSpecMap({
      models: [
        { id: 1 },
        { id: 705, counts: { NPt: 4, NCrv: 3 }, values: { V_SF: -2, DeptRef_SF: -2, 'Crv[2].Pt[3].V': 108, 'Crv[2].Pt[3].Var': -44 } },
      ],
    });
    const models = await found(registerReader(await serve(new Map([[1, image.unit]])), 1));
    const curves = findModel(models, 705);
    expect(curves?.layout?.byPath.has('Crv[2].Pt[3].Var')).toBe(true);
    expect(image.get(705, 'Crv[2].Pt[3].V')).toBe(108);
  });

  it('steps over the models of a vendor', async () => {
    const image = inverter();
    const device = plainDevice(0);
    const words = [0x5375, 0x6e53, 65001, 3, 1, 2, 3, ...image.registers.slice(2)];
    const unit: ModbusUnit = { ...device.unit, read: (_table, address, count) => words.slice(address - 40000, address - 40000 + count) };
    const models = await found(registerReader(await serve(new Map([[1, unit]])), 1));
    expect(models.map(({ id }) => id)).toEqual([65001, 1, 103, 123]);
    expect(models[0]?.layout).toBeUndefined();
  });

  it('says that a device is not SunSpec, or that it cannot be asked now', async () => {
    const plain = plainDevice(60_000);
    const link = await serve(new Map([[1, plain.unit]]));
    expect(await discoverSunSpec(registerReader(link, 1))).toMatchObject({ kind: 'not-sunspec' });
    expect(await discoverSunSpec(registerReader(link, 2))).toMatchObject({ kind: 'unreadable', outcome: { kind: 'exception', code: 11 } });
  });

  it('does not follow a list of models that has no end or runs off the map', async () => {
    const ok = (values: number[]): ReadOutcome => ({ kind: 'ok', values, latencyMs: 0, receivedAtMs: 0 });
    const endless: RegisterReader = async (address, count) =>
      ok(address === 40000 ? [0x5375, 0x6e53] : Array.from({ length: count }, (_, i) => [65002, 0][i % 2] as number));
    expect(await discoverSunSpec(endless)).toMatchObject({ kind: 'not-sunspec' });
    const wild: RegisterReader = async (address) => ok(address === 40000 ? [0x5375, 0x6e53] : [103, 60_000]);
    expect(await discoverSunSpec(wild)).toMatchObject({ kind: 'not-sunspec' });
  });
});

describe('tags of a SunSpec device', () => {
  it('come in engineering units, with a reason where there is no value', async () => {
    const link = await serve(new Map([[1, inverter().unit]]));
    const models = await found(registerReader(link, 1));
    const group = sunspecTagGroup({
      id: 'pv',
      unit: 1,
      models,
      maxAgeMs: 1000,
      points: [
        { tag: 'powerW', modelId: 103, path: 'W' },
        { tag: 'frequencyHz', modelId: 103, path: 'Hz' },
        { tag: 'cabinetC', modelId: 103, path: 'TmpCab' },
        { tag: 'limitPercent', modelId: 123, path: 'WMaxLimPct' },
        { tag: 'serial', modelId: 1, path: 'SN' },
        { tag: 'stateOfCharge', modelId: 802, path: 'SoC' },
      ],
    });
    const results = await Promise.all(group.requests.map((request) => link.read(request)));
    const tags = group.decode(results.map((outcome) => (outcome.kind === 'ok' ? outcome.values : [])));
    expect(tags).toEqual([
      { tag: 'powerW', value: 4210, units: 'W' },
      { tag: 'frequencyHz', value: 49.98, units: 'Hz' },
      { tag: 'cabinetC', value: null, units: 'C', reason: 'not-implemented' },
      { tag: 'limitPercent', value: 100, units: '% WMax' },
      { tag: 'serial', value: 'PV-7' },
      { tag: 'stateOfCharge', value: null, reason: 'no-such-point' },
    ]);
  });

  it('follow a device that changes its scale factor while running', async () => {
    const image = inverter();
    const link = await serve(new Map([[1, image.unit]]));
    const group = sunspecTagGroup({
      id: 'pv',
      unit: 1,
      models: await found(registerReader(link, 1)),
      maxAgeMs: 1000,
      points: [{ tag: 'powerW', modelId: 103, path: 'W' }],
    });
    image.setAll(103, { W_SF: 1, W: 98_760 });
    const [outcome] = await Promise.all(group.requests.map((request) => link.read(request)));
    expect(group.decode([outcome?.kind === 'ok' ? outcome.values : []])).toMatchObject([{ value: 98_760 }]);
  });
});

describe('a control point', () => {
  it('is written, heard by the device in engineering units, and verified', async () => {
    const image = inverter();
    const heard: unknown[] = [];
    image.onWrite((writes) => heard.push(...writes));
    const link = await serve(new Map([[1, image.unit]]));
    const model = findModel(await found(registerReader(link, 1)), 123) as DiscoveredModel;
    const prepared = sunspecWrite({ unit: 1, model, path: 'WMaxLimPct', value: 42.46 });
    if (prepared.kind !== 'ok') throw new Error(prepared.reason);
    expect(prepared.written).toBe(42.5);
    const result = await runCommand({ link, write: prepared.request, readBack: prepared.readBack, matches: prepared.matches });
    expect(result.kind).toBe('verified');
    expect(heard).toEqual([{ modelId: 123, path: 'WMaxLimPct', value: 42.5 }]);
    expect(image.get(123, 'WMaxLimPct')).toBe(42.5);
  });

  it('refuses what the model does not allow, before anything is sent', async () => {
    const link = await serve(new Map([[1, inverter().unit]]));
    const models = await found(registerReader(link, 1));
    const [measure, control] = [findModel(models, 103) as DiscoveredModel, findModel(models, 123) as DiscoveredModel];
    expect(sunspecWrite({ unit: 1, model: measure, path: 'W', value: 1 })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('only be read'),
    });
    expect(sunspecWrite({ unit: 1, model: control, path: 'Nothing', value: 1 })).toMatchObject({ kind: 'refused' });
    expect(sunspecWrite({ unit: 1, model: control, path: 'WMaxLimPct', value: 70_000 })).toMatchObject({ kind: 'refused' });
    expect(sunspecWrite({ unit: 1, model: control, path: 'VArMaxPct', value: 10 })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('VArPct_SF'),
    });
  });

  it('cannot be reached through a write that also hits a measurement, nor by half', async () => {
    const image = inverter();
    const before = [...image.registers];
    const first = 40000 + 2 + 68 + 2;
    expect(() => image.unit.write('holding', first, [1, 2])).toThrow(/illegal data address/);
    expect(() => image.unit.write('coil', 0, [1])).toThrow(/illegal data address/);
    expect(() => image.unit.read('holding', 39_999, 4)).toThrow(/illegal data address/);
    expect(() => image.unit.read('input', 40_000, 4)).toThrow(/illegal data address/);
    expect([...image.registers]).toEqual(before);
    expect(() => image.set(103, 'W', 1e9)).toThrow(/does not fit/);
    expect(() => image.set(103, 'Nope', 1)).toThrow(/no point/);
  });
});
