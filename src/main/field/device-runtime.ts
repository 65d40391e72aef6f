/**
 * One device as the console lives with it: its own link, its map once it is known, its health, and the points it feeds. SunSpec devices
 * are discovered first and again after every re-addressing; a device that cannot be discovered is asked again, ever less often.
 */
import { type DeviceProfile, loadProfile } from '../../../drivers/modbus/device-profile.ts';
import { type ModbusLink, openLink, registerReader } from '../../../drivers/modbus/link.ts';
import type { Poller, PollSample } from '../../../drivers/modbus/poller.ts';
import { profileTagGroups } from '../../../drivers/modbus/profile-tags.ts';
import { describeFailure } from '../../../drivers/modbus/requests.ts';
import { decodeModel } from '../../../drivers/modbus/sunspec/codec.ts';
import { type DiscoveredModel, discoverSunSpec } from '../../../drivers/modbus/sunspec/discover.ts';
import { sunspecTagGroup } from '../../../drivers/modbus/sunspec/tags.ts';
import type { TagGroup, TagValue } from '../../../drivers/modbus/tag-group.ts';
import type { PlantDevice, PlantFile } from '../../shared/plant-file.ts';
import type { Clock } from '../kernel/ports.ts';
import { afterPoll, type Health, initialHealth } from './device-health.ts';
import { implausible, type PointRule } from './point-rules.ts';
import { type PlacedRule, rulesOf } from './points-of.ts';
import type { WritableImage } from './process-image.ts';
import { profileMap } from './profile-map.ts';
import { type Derived, sunspecMap } from './sunspec-map.ts';

export interface DeviceAddress {
  readonly host: string;
  readonly port: number;
  readonly unitId: number;
}

export interface DeviceRuntime {
  readonly spec: PlantDevice;
  readonly points: readonly PlacedRule[];
  readonly profile: DeviceProfile | null;
  /** Rating of what it controls or measures, W. */
  readonly ratedW: number;
  address(): DeviceAddress | null;
  link(): ModbusLink | null;
  models(): readonly DiscoveredModel[];
  firmware(): string | null;
  health(): Health;
  /** Grows whenever link or map change: what was prepared on the device may be gone. */
  generation(): number;
  connect(address: DeviceAddress): void;
  onSample(sample: PollSample): void;
  close(): Promise<void>;
}

const REDISCOVER_MIN_MS = 1000;
const REDISCOVER_MAX_MS = 15_000;

export function createDeviceRuntime(
  spec: PlantDevice,
  deps: { plant: PlantFile; image: WritableImage; clock: Clock; poller: () => Poller | null },
): DeviceRuntime {
  const { plant, image, clock } = deps;
  const profile = spec.protocol.kind === 'profile' ? loadProfile(spec.protocol.profile) : null;
  const points = rulesOf(spec, plant);
  for (const point of points) image.declare(point.id, spec.maxAgeMs);
  const ruleById = new Map<string, PointRule>(points.map((p) => [p.id, p.rule]));
  const ratedW = plant.grid.units.find((u) => u.controller === spec.id)?.ratedW ?? spec.meter?.ratedW ?? 0;

  let address: DeviceAddress | null = null;
  let link: ModbusLink | null = null;
  let models: readonly DiscoveredModel[] = [];
  let firmware: string | null = null;
  let health = initialHealth(clock.monotonicMs());
  let generation = 0;
  let derive: (tags: Map<string, number | null>) => { own: Derived; bySwitch: ReadonlyMap<string, Derived> } = () => ({
    own: {},
    bySwitch: new Map(),
  });
  let cancelRetry: (() => void) | null = null;

  const begin = (groups: readonly TagGroup[]): void => {
    const paced = groups.map((g) => ({ ...g, maxAgeMs: spec.maxAgeMs, periodMs: spec.pollMs }));
    if (link) deps.poller()?.add({ id: spec.id, link, groups: paced });
  };

  const failed = (reason: string, answered: boolean): void => {
    health = afterPoll(health, { kind: 'failed', reason, answered }, clock.monotonicMs());
  };

  async function discover(mine: number, delayMs: number): Promise<void> {
    const current = link;
    if (!current || !address || spec.protocol.kind !== 'sunspec') return;
    const found = await discoverSunSpec(registerReader(current, address.unitId), [spec.protocol.baseAddress]);
    if (mine !== generation || current.state() === 'closed') return;
    if (found.kind === 'found') {
      const map = sunspecMap(spec.kind, found.models);
      if (map) {
        models = found.models;
        firmware = firmwareOf(found.models);
        derive = (tags) => ({ own: map.derive(tags), bySwitch: new Map() });
        begin([sunspecTagGroup({ id: 'main', unit: address.unitId, models, points: map.references, maxAgeMs: spec.maxAgeMs })]);
        return;
      }
      failed(`it shows the models ${found.models.map((m) => m.id).join(', ')}, none of which fits a ${spec.kind}`, true);
    } else if (found.kind === 'not-sunspec') failed(found.reason, true);
    else failed(describeFailure(found.outcome, spec.name), answeredBy(found.outcome.kind));
    cancelRetry = clock.setTimeout(() => void discover(mine, Math.min(delayMs * 2, REDISCOVER_MAX_MS)), delayMs);
  }

  function disconnect(): Promise<void> {
    generation += 1;
    cancelRetry?.();
    cancelRetry = null;
    deps.poller()?.remove(spec.id);
    const closing = link?.close() ?? Promise.resolve();
    link = null;
    models = [];
    return closing;
  }

  return {
    spec,
    points,
    profile,
    ratedW,
    address: () => address,
    link: () => link,
    models: () => models,
    firmware: () => firmware,
    health: () => health,
    generation: () => generation,
    connect(next) {
      if (address && address.host === next.host && address.port === next.port && address.unitId === next.unitId && link) return;
      void disconnect();
      address = next;
      health = initialHealth(clock.monotonicMs());
      if (next.port === 0) {
        failed('It has no address yet: the simulated plant has not told its port', false);
        return;
      }
      link = openLink({
        host: next.host,
        port: next.port,
        name: spec.name,
        ...(profile && { maxInFlight: Math.max(2, profile.limits.inFlight), minGapMs: profile.limits.gapMs }),
      });
      if (!profile) {
        void discover(generation, REDISCOVER_MIN_MS);
        return;
      }
      const map = profileMap(spec, profile, { switches: plant.grid.switches, ratedW });
      if (!map) {
        failed(`the profile ${profile.id} does not fit a ${spec.kind}`, true);
        return;
      }
      derive = (tags) => map.derive(tags);
      // One age for all: fewer requests than a group per row's own limit, and never older than the device's own limit.
      begin(profileTagGroups({ ...profile, rows: profile.rows.map((r) => ({ ...r, maxAgeMs: spec.maxAgeMs })) }, next.unitId, map.wanted));
    },
    onSample(sample) {
      const nowMs = clock.monotonicMs();
      if (sample.kind === 'failed') {
        failed(describeFailure(sample.failure, spec.name), answeredBy(sample.failure.kind));
        return;
      }
      const refused = store(sample.tags, { timeMs: sample.wallTimeMs, monotonicMs: sample.sampledAtMs });
      health = afterPoll(
        health,
        refused === null ? { kind: 'good', latencyMs: sample.latencyMs } : { kind: 'garbage', reason: refused },
        nowMs,
      );
    },
    close: disconnect,
  };

  /** Puts one poll into the image; answers what was refused, or null. */
  function store(tags: readonly TagValue[], at: { timeMs: number; monotonicMs: number }): string | null {
    const numbers = new Map<string, number | null>();
    for (const t of tags) numbers.set(t.tag, t.value === null || typeof t.value === 'string' ? null : Number(t.value));
    const { own, bySwitch } = derive(numbers);
    let refused: string | null = null;
    const put = (id: string, value: number | null): void => {
      const rule = ruleById.get(id);
      if (!rule) return;
      const problem = value === null ? null : implausible(rule, value);
      if (problem !== null) refused ??= problem;
      image.put(id, problem === null ? value : null, at, problem);
    };
    for (const [name, value] of Object.entries(own)) put(`${spec.id}.${name}`, value);
    for (const [switchId, values] of bySwitch) for (const [name, value] of Object.entries(values)) put(`${switchId}.${name}`, value);
    return refused;
  }
}

const answeredBy = (kind: string): boolean => kind === 'malformed' || kind === 'exception';

/** Version string of the common model (1). */
function firmwareOf(models: readonly DiscoveredModel[]): string | null {
  const common = models.find((m) => m.id === 1);
  if (!common?.layout || !common.registers) return null;
  const version = decodeModel(common.layout, common.registers).get('Vr')?.value;
  return typeof version === 'string' && version.length > 0 ? version : null;
}
