/** The fake engine's chain: bundles, credits, records and achievements, and meters as the registry has them; acts become final after seconds. */

import type { CallOutput, PartialHandlers } from '../../src/shared/contract/contract.ts';
import { Fault } from '../../src/shared/errors.ts';
import { TECHNOLOGY_CODE } from '../../src/shared/plant-file.ts';
import { hex } from './random.ts';
import type { World } from './world.ts';

type Carbon = CallOutput<'carbon.onChain'>;
type Device = CallOutput<'devices.onChain'>;
type Entry = Device['acts'][number];
const FINAL_AFTER_MS = 2_000;
const FACTOR = 303;
const PICTURE =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 320"><rect width="320" height="320" fill="#20303a"/><circle cx="160" cy="130" r="70" fill="none" stroke="#9fc0a8" stroke-width="10"/><text x="160" y="142" fill="#e8ecef" font-family="sans-serif" font-size="34" text-anchor="middle">1 MWh</text><text x="160" y="260" fill="#e8ecef" font-family="sans-serif" font-size="20" text-anchor="middle">First MWh exported</text></svg>';

export function chainCopyHandlers(w: World): PartialHandlers {
  const now = () => w.now();
  const account = (id: string) => `0x${hex(id, 20)}`;
  const community = { address: account('operator'), name: 'Community' };
  const acts = new Map<string, Entry[]>();
  const empty = w.scenario === 'empty';
  const copy = () => ({ indexedBlock: empty ? null : 412, chainInStep: !empty && !w.exchange.chainAway });
  const at = (id: string, age: number) => ({ block: 412 - age * 6, transaction: `0x${hex(id, 32)}`, timeMs: now() - age * 30_000 });
  const kept = (about: string): Entry[] =>
    (acts.get(about) ?? []).map((e) => (now() - e.createdMs > FINAL_AFTER_MS ? { ...e, state: 'final', block: 413 } : e));
  const add = (about: string, title: string): CallOutput<'devices.chainAct'> => {
    const before = acts.get(about) ?? [];
    const entry: Entry = {
      ...{ id: `act:${about}:${before.length}`, sequence: 900 + before.length, kind: 'operator-act', title, state: 'waiting' },
      ...{ createdMs: now(), attempts: 0, transaction: `0x${hex(`${about}${before.length}`, 32)}`, block: null, lastError: null },
    };
    acts.set(about, [entry, ...before]);
    return { message: 'It is in the outbox, behind what was there before.', entries: [entry] };
  };
  const meterOf = (id: string) => {
    const device = w.plant.devices.find((d) => d.id === id);
    if (!device) throw new Fault('not.found', 'That device is not known here.');
    return device;
  };
  const solarWh = (interval: number) =>
    Math.max(
      0,
      Math.round(
        -w.plant.grid.units.filter((u) => u.id === 'pv-carport').reduce((s, u) => s + w.model.wish(u, (interval + 0.5) * 900_000), 0) / 4,
      ),
    );

  const bundles = (): Carbon['bundles'] => {
    const byInterval = new Map<number, number>();
    for (const c of w.exchange.certificates(now()))
      if (c.onChain.state === 'confirmed') byInterval.set(c.interval, (byInterval.get(c.interval) ?? 0) + c.energyWh);
    let serial = 0;
    return [...byInterval]
      .sort(([a], [b]) => a - b)
      .map(([interval, energyWh], i, all): Carbon['bundles'][number] => {
        const age = all.length - i;
        serial += energyWh;
        return {
          ...{ id: i + 1, interval, energyWh, firstSerial: serial - energyWh, technology: 'mixed', origin: 'round' },
          ...{ originText: `Settled round of interval ${interval}`, holder: community, ours: true, expiresMs: now() + 700 * 86_400_000 },
          state: age > 34 ? 'claimed' : age === 5 ? 'reserved' : 'active',
          claimedFor: age > 34 ? community : null,
          ...at(`b${interval}`, age),
        };
      })
      .reverse();
  };
  const readings = (): NonNullable<Device['meter']>['readings'] => {
    const last = w.exchange.interval(now()) - 2;
    let exportWh = 900_000;
    return Array.from({ length: 48 }, (_, i) => {
      const interval = last - 47 + i;
      const growthWh = i === 0 ? 0 : solarWh(interval);
      exportWh += growthWh;
      const judged = i < 47;
      return {
        ...{
          id: i,
          interval,
          importWh: 1_200,
          exportWh,
          growthWh: judged ? growthWh : 0,
          mintedWh: judged ? growthWh : 0,
          certificate: null,
        },
        state: i === 0 ? ('installed' as const) : judged ? ('validated' as const) : ('posted' as const),
        creditsMg: String(judged ? growthWh * FACTOR : 0),
        ...at(`r${interval}`, 48 - i),
      };
    }).reverse();
  };
  const carbon = (limit: number): Carbon => {
    const list = empty ? [] : bundles();
    const sum = (holds: (b: Carbon['bundles'][number]) => boolean) => list.filter(holds).reduce((wh, b) => wh + b.energyWh, 0);
    const issues = empty ? [] : readings().filter((r) => r.creditsMg !== '0');
    // Some come from earlier days than the readings shown.
    const issuedMg = empty ? 0 : issues.reduce((mg, r) => mg + Number(r.creditsMg), 21_000_000);
    const retired = empty ? 0 : 2_000_000;
    return {
      ...copy(),
      totals: {
        issuedWh: sum(() => true),
        heldWh: sum((b) => b.state === 'active' || b.state === 'reserved'),
        cancelledWh: sum((b) => b.state === 'claimed'),
        claimedWh: sum((b) => b.state === 'claimed'),
        lapsedWh: 0,
      },
      bundles: list.slice(0, limit),
      bundleCount: list.length,
      credits: {
        issuedMg: String(issuedMg),
        retiredMg: String(retired),
        expiredMg: '0',
        oursMg: String(Math.max(0, issuedMg - retired)),
        lastPrice: null,
        holders: empty ? [] : [{ holder: community, amountMg: String(Math.max(0, issuedMg - retired)) }],
        issues: issues.slice(0, limit).map((r, i) => ({
          ...{ id: issues.length - i, meterId: 17, deviceName: 'Meter Carport PV', interval: r.interval, energyWh: r.growthWh },
          ...{
            factorGPerKwh: FACTOR,
            amountMg: r.creditsMg,
            holder: community,
            block: r.block,
            transaction: r.transaction,
            timeMs: r.timeMs,
          },
        })),
        retirements: empty ? [] : [{ by: community, beneficiary: community, amountMg: String(retired), ...at('retire', 12) }],
      },
      records: empty
        ? []
        : [
            {
              ...{ id: 1, deviceName: 'Meter Carport PV', flow: 'production', category: 'community', energyWh: 38_400 },
              ...{ fromInterval: w.exchange.interval(now()) - 90, toInterval: w.exchange.interval(now()) - 50 },
              ...{ standard: 'SmartMeter validated readings', ...at('rec', 40) },
            },
          ],
      recs: [],
      certifiable: empty ? [] : [{ device: 'meter-carport', name: 'Meter Carport PV' }],
      milestones: empty
        ? []
        : [
            { id: 1, title: 'First MWh exported', metric: 'exported', threshold: '1000000', reached: '1180000', earnedByUs: true },
            {
              id: 2,
              title: 'First tonne of CO2 retired',
              metric: 'retired',
              threshold: '1000000000',
              reached: String(retired),
              earnedByUs: false,
            },
            { id: 3, title: 'First 100 kWh claimed green', metric: 'claimed', threshold: '100000', reached: '114200', earnedByUs: false },
            { id: 4, title: 'First 100 kWh traded', metric: 'traded', threshold: '100000', reached: null, earnedByUs: false },
          ],
      achievements: empty
        ? []
        : [
            {
              ...{ token: 1, title: 'First MWh exported', account: community, value: '1000480', metric: 'exported' },
              description: 'Earned from settled facts: 1 MWh exported, as the meter’s validated readings show.',
              image: `data:image/svg+xml;base64,${btoa(PICTURE)}`,
              ...at('nft', 30),
            },
          ],
    };
  };
  const device = (id: string): Device => {
    const { meter, name } = meterOf(id);
    const base = { ...copy(), device: id, differences: [], shown: null, acts: kept(`device:${id}`) };
    if (!meter) return { ...base, note: 'Only meters are registered on the chain.', meter: null };
    if (!meter.settling && !meter.public)
      return { ...base, note: 'This meter neither settles nor is public, so the chain does not know it.', meter: null };
    if (empty) return { ...base, note: 'The meter has not shown its key yet; it is registered when it has.', meter: null };
    const list = meter.public ? readings() : [];
    const unit = w.plant.grid.units.find((u) => u.meter === id);
    const tampered = w.scenario === 'alarm' && id === 'meter-mill-7';
    return {
      ...base,
      note: list[0]?.state === 'posted' ? `Next: validate the reading of interval ${list[0].interval}. It is under way.` : null,
      differences: tampered ? ['Firmware: the chain says 2.1.0, the meter 2.0.4.'] : [],
      meter: {
        ...{ meterId: meter.meterId, device: { address: account(id), name }, owner: community, epoch: 1, technology: meter.technology },
        ...{ deviceClass: meter.public ? 'public' : 'private', renewableOnly: meter.renewableOnly, ratedW: meter.ratedW },
        backing: meter.public?.backing ?? (meter.renewableOnly ? 'certificates' : 'none'),
        gridNode: unit?.bus ?? '',
        publicKey: [`${BigInt(`0x${hex(`${id}x`, 31)}`)}`, `${BigInt(`0x${hex(`${id}y`, 31)}`)}`],
        state: w.maintenance.has(id) ? 'maintenance' : 'active',
        verified: { by: community, record: `0x${hex(`v${id}`, 32)}`, timeMs: now() - 86_400_000 },
        registryPosition: meter.public ? null : meter.meterId,
        registryLeaf: meter.public ? null : `${BigInt(`0x${hex(`leaf${id}${TECHNOLOGY_CODE[meter.technology]}`, 31)}`)}`,
        tamper: tampered ? [{ sign: 'cover', evidence: `0x${hex('seal', 32)}`, timeMs: now() - 3_600_000 }] : [],
        maintenance: null,
        firmware: { version: '2.1.0', imageHash: `0x${hex('fw210', 32)}`, timeMs: now() - 86_000_000 },
        commitments: 0,
        verifiedExportWh: list.reduce((wh, r) => wh + r.growthWh, 0),
        mintedWh: list.reduce((wh, r) => wh + r.mintedWh, 0),
        creditsMg: String(list.reduce((mg, r) => mg + Number(r.creditsMg), 0)),
        readings: list,
        readingCount: list.length,
        history: [
          { text: 'Firmware 2.1.0 recorded.', ...at(`h3${id}`, 50) },
          { text: 'Verified by a technician.', ...at(`h2${id}`, 58) },
          { text: 'Registered, epoch 1.', ...at(`h1${id}`, 59) },
        ],
      },
    };
  };
  return {
    'carbon.onChain': ({ limit }) => carbon(limit),
    'carbon.checkChainAct': ({ act }) => {
      const short = act.kind === 'retire-credits' && BigInt(act.amountMg) > BigInt(carbon(1).credits.oursMg);
      const message = short ? 'Not possible now: the contract refused it: ERC20InsufficientBalance.' : 'The contracts would do this now.';
      return { possible: !short, message, effect: ['It is written to the chain and cannot be taken back.'] };
    },
    'carbon.chainAct': ({ act }) => add('carbon', `Carbon: ${act.kind}`),
    'devices.onChain': ({ id }) => device(id),
    'devices.checkChainAct': ({ id, act }) => {
      const refused = act.kind === 'clear-tamper' && device(id).meter?.tamper.length === 0;
      const message = refused ? 'Not possible now: the contract refused it: NoTamper.' : 'The contracts would do this now.';
      return { possible: !refused, message, effect: ['The registry shows it from the next block on.'] };
    },
    'devices.chainAct': ({ id, act }) => add(`device:${id}`, `${meterOf(id).name}: ${act.kind}`),
  };
}
