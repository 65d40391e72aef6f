/**
 * Public meters' way onto the chain: account → registration → posted readings → judged → energy tokens and, as the device backs, credits or
 * certificates for the community that owns them. Each turn looks at what is durable and at the chain's copy and does the next one thing,
 * so a crash, an outage or a chain that forgot leaves nothing out and does nothing twice. Nothing of it enters the outbox while something
 * else waits there: settlement goes first.
 */
import { AbiCoder, id as textHash } from 'ethers';
import { encodeDeviceData } from '../../../contracts/deploy/device-data.ts';
import { CREDIT_PERIOD_S, ENERGY_PERIOD_S, readingExpiresAtS } from '../../domain/wallet/vintages.ts';
import { Fault } from '../../shared/errors.ts';
import { TECHNOLOGY_CODE, type Technology } from '../../shared/plant-file.ts';
import type { BrokerService } from '../broker/broker-service.ts';
import type { ChainFold } from '../chain-copy/chain-fold.ts';
import { type MeterOnChain, type MetersPicture, type PostedReading, readingSource } from '../chain-copy/meters-view.ts';
import type { Kernel, Service } from '../kernel/ports.ts';
import { createChainTime } from '../ledger/chain-time.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { OutboxBody } from '../ledger/outbox-store.ts';
import type { MeterKey } from '../metering/meter-keys.ts';
import { lastReading, readingAt, readingsAfter } from '../metering/reading-store.ts';
import { createAccountIntake, METER_ACCOUNT_TOPIC, type PublicMeterDevice } from './account-intake.ts';
import { accountOf } from './account-store.ts';
import { nextAttempt } from './attempts.ts';
import { MOST_INTERVALS, nextStep, nextToPost } from './next-step.ts';
import { createPosting } from './posting.ts';

export interface PublicMetersService extends Service {
  readonly meters: readonly PublicMeterDevice[];
  /** Where a public meter stands, in a sentence; null when nothing waits. */
  note(deviceId: string): string | null;
  /** Does what can be done now; runs by itself while started. */
  turn(): Promise<void>;
}
export interface PublicMetersDeps {
  readonly broker: Pick<BrokerService, 'onPublish' | 'publish'>;
  readonly metering: { keyOf(meterId: number): MeterKey | undefined; onKey(listener: (key: { meterId: number }) => void): () => void };
  readonly ledger: Pick<
    LedgerService,
    'enqueue' | 'entry' | 'kick' | 'deployed' | 'endpoint' | 'view' | 'indexedHeight' | 'operatorAddress' | 'state'
  >;
  readonly chain: ChainFold<MetersPicture>;
}

const TURN_MS = 1_000;
const PAUSE_POST_MS = 15_000;
/** A sign of trouble that does not pass by itself. */
const MANY_FAILURES = 5;
/** As many posted readings may wait to be judged; more would only pile up on the chain. */
const MOST_UNJUDGED = 8;
const MOST_WAITING = 64;

export function createPublicMetersService(kernel: Kernel, deps: PublicMetersDeps): PublicMetersService {
  const { store, clock, plant, alarms } = kernel;
  const { ledger } = deps;
  const log = kernel.log.child('public-meters');
  const meters: PublicMeterDevice[] = plant.devices.flatMap((d) =>
    d.meter?.public
      ? [
          {
            ...{ deviceId: d.id, name: d.name, meterId: d.meter.meterId, meter: d.meter },
            bus: plant.grid.units.find((u) => u.meter === d.id)?.bus ?? '',
          },
        ]
      : [],
  );
  const intake = createAccountIntake(kernel, { meters, keyOf: deps.metering.keyOf });
  const posting = createPosting(kernel, deps);
  const chainTime = createChainTime(clock, ledger);
  const notes = new Map<string, string | null>();
  const pausedUntilMs = new Map<string, number>();
  const without = new Set<string>();
  // Heard from the first moment: a meter names its account as soon as the broker is there.
  let stops: (() => void)[] = [
    deps.broker.onPublish(METER_ACCOUNT_TOPIC, intake.take),
    deps.metering.onKey((key) => intake.keyHeard(key.meterId)),
    posting.close,
  ];
  let busy: Promise<void> = Promise.resolve();

  alarms.define({
    kind: 'meter.publicDiffers',
    priority: 2,
    title: 'A public reading differs from the signed one',
    cause: 'The reading on the chain is not the one the meter signed for the console.',
    consequence: 'It is not validated, so no energy tokens or credits are made of it or of later ones.',
    action: 'Suspect the meter’s account or the meter. Report tampering on the device page, have it inspected, then clear the report.',
    respondWithinS: 3600,
  });
  alarms.define({
    kind: 'meter.publicStuck',
    priority: 3,
    title: 'A public meter’s readings come to nothing',
    cause: 'The chain refuses again and again what its readings should become.',
    consequence: 'No new energy tokens, credits or certificates for this meter. Its readings are kept; nothing is lost.',
    action: 'Open the device page, tab On the chain, and read the reason. Contracts may be paused, or a role may be missing.',
    respondWithinS: 86_400,
  });

  /** Puts an effect into the outbox when nothing waits there and it is not under way; tells what holds it up. */
  const bring = (meter: PublicMeterDevice, effect: string, kind: string, title: string, body: OutboxBody): string | null => {
    const attempt = nextAttempt(ledger, effect, clock.nowMs());
    const fields = { sourceName: meter.name, page: `devices:${meter.deviceId}` };
    const failures = attempt.kind === 'later' ? attempt.failures : attempt.kind === 'new' ? attempt.number - 1 : 0;
    const value = attempt.kind === 'later' ? { value: attempt.error } : {};
    if (attempt.kind !== 'under way') alarms.set('meter.publicStuck', meter.deviceId, failures >= MANY_FAILURES, { ...fields, ...value });
    if (attempt.kind === 'later') return `Next: ${title}. The chain refused it (${attempt.error}); it is tried again later.`;
    if (attempt.kind === 'under way') return `Next: ${title}. It is under way.`;
    if (ledger.state().waiting > 0) return `Next: ${title}. It waits for what is in the outbox before it.`;
    ledger.enqueue({ id: attempt.id, kind, title: `${meter.name}: ${title}`, body: { ...body, mayFail: true } });
    ledger.kick();
    return `Next: ${title}. It is under way.`;
  };

  const register = (meter: PublicMeterDevice, account: string, key: MeterKey): string | null => {
    // The registers at the moment of its installation: what it counted before backs nothing.
    const installed = lastReading(store.read, meter.meterId);
    if (!installed) return 'Waits for its first signed reading.';
    const effect = `register-public:${meter.meterId}:${account}`;
    const data = encodeDeviceData({
      owner: ledger.operatorAddress,
      deviceClass: 'public',
      technology: meter.meter.technology,
      renewableOnly: meter.meter.renewableOnly,
      backing: meter.meter.public?.backing ?? 'none',
      ratedPowerW: Math.round(meter.meter.ratedW),
      gridNode: meter.bus.slice(0, 31),
      importWh: BigInt(installed.importWh),
      exportWh: BigInt(installed.exportWh),
      interval: installed.interval,
      publicKey: key.publicKey,
    });
    const note = bring(meter, effect, 'register-meters', 'register it as a public meter', {
      ...{ contract: 'SmartMeter', method: 'registerDevice', args: [account, data] },
      doneWhen: { contract: 'SmartMeter', method: 'meterOf', args: [account], equals: String(meter.meterId) },
    });
    if (key.registration !== effect && ledger.entry(effect))
      store.write((db) => db.prepare('UPDATE meter_key SET registration = ? WHERE meter_id = ?').run(effect, meter.meterId));
    return note;
  };

  /** Tokens and credits are of the vintage in which the reading was posted; when that has expired, they cannot be made of it any more. */
  const tooLate = (kind: 'mint' | 'credits', meter: PublicMeterDevice, on: MeterOnChain, reading: PostedReading): boolean => {
    const periodS = kind === 'mint' ? ENERGY_PERIOD_S : CREDIT_PERIOD_S;
    if (reading.timeS === null || readingExpiresAtS(reading.timeS, periodS) > chainTime.nowMs() / 1000) return false;
    const name = `late:${kind}:${on.meterId}:${reading.id}`;
    if (!without.has(name))
      log.warn(
        `a reading was validated too late: its vintage has expired, and no ${kind === 'mint' ? 'tokens' : 'credits'} are made of it`,
        {
          meter: meter.deviceId,
          interval: reading.interval,
        },
      );
    without.add(name);
    return true;
  };

  const judge = async (meter: PublicMeterDevice, on: MeterOnChain): Promise<string | null> => {
    const next = () =>
      nextStep(
        on,
        (interval) => readingAt(store.read, meter.meterId, interval),
        (kind, r) =>
          without.has(`${kind}:${on.meterId}:${r.id}`) ||
          (kind === 'certificates' ? r.interval - r.fromInterval > MOST_INTERVALS : tooLate(kind, meter, on, r)),
      );
    let step = next();
    if (step.kind === 'mint' || step.kind === 'credits') {
      await chainTime.refresh();
      step = next();
    }
    const differs = step.kind === 'hold' && step.why === 'differs';
    const fields = { sourceName: meter.name, page: `devices:${meter.deviceId}`, ...(step.kind === 'hold' ? { value: step.text } : {}) };
    alarms.set('meter.publicDiffers', meter.deviceId, differs, fields);
    if (step.kind === 'none') return null;
    if (step.kind === 'hold') return `Its readings are not validated: ${step.text}.`;
    const { reading } = step;
    const at = [on.meterId, reading.id] as const;
    const source = AbiCoder.defaultAbiCoder().encode(['uint256', 'uint256'], at);
    const name = `${at[0]}:${at[1]}`;
    switch (step.kind) {
      case 'validate':
        return bring(meter, `validate:${name}`, 'validate-reading', `validate the reading of interval ${reading.interval}`, {
          ...{ contract: 'SmartMeter', method: 'validateReading', args: at },
          doneWhen: { contract: 'SmartMeter', method: 'nextToValidate', args: [at[0]], equals: String(reading.id + 1) },
        });
      case 'mint':
        return bring(meter, `mint:${name}`, 'mint-energy', `make energy tokens for ${reading.growthWh} Wh`, {
          ...{ contract: 'EnergyToken', method: 'mintEnergy', args: [on.owner, reading.growthWh - reading.mintedWh, source] },
          doneWhen: { contract: 'EnergyToken', method: 'mintedOf', args: at, equals: String(reading.growthWh) },
        });
      case 'certificates':
        return bring(meter, `certify:${name}`, 'issue-certificates', `issue certificates for ${reading.growthWh} Wh`, {
          ...{ contract: 'GranularCertificate', method: 'issueFromReading', args: at },
          doneWhen: { contract: 'GranularCertificate', method: 'isIssued', args: [readingSource(...at)], equals: 'true' },
        });
      case 'credits': {
        const code = TECHNOLOGY_CODE[on.technology as Technology] ?? 0;
        const [factor] = (await ledger.view({ contract: 'CarbonCredit', method: 'avoidedFactor', args: [code] })) as [bigint];
        // The source's own factor is not below the grid's: nothing is avoided.
        if (factor === 0n) {
          without.add(`credits:${name}`);
          return null;
        }
        const amount = BigInt(reading.growthWh) * factor;
        return bring(meter, `credit:${name}`, 'issue-credits', `issue carbon credits for ${reading.growthWh} Wh`, {
          ...{ contract: 'CarbonCredit', method: 'issueCreditsCertificate', args: [on.owner, amount.toString(), source] },
          doneWhen: { contract: 'CarbonCredit', method: 'issuable', args: at, equals: '0' },
        });
      }
    }
  };

  const post = async (meter: PublicMeterDevice, account: string, on: MeterOnChain): Promise<string | null> => {
    if (on.readings.filter((r) => r.state === 'posted' && r.id > on.base).length >= MOST_UNJUDGED)
      return 'Nothing more is posted before its readings are judged.';
    const posted = on.readings.at(-1)?.interval ?? 0;
    const reading = nextToPost(readingsAfter(store.read, meter.meterId, posted, MOST_WAITING));
    if (posting.busy(meter.deviceId, account)) {
      const trouble = posting.trouble(account);
      return trouble === null ? null : `The post of a reading by ${account} waits: ${trouble}.`;
    }
    if (!reading) return null;
    if (clock.monotonicMs() < (pausedUntilMs.get(meter.deviceId) ?? 0)) return notes.get(meter.deviceId) ?? null;
    try {
      await posting.post(meter, account, on.meterId, reading);
      return null;
    } catch (cause) {
      if (!(cause instanceof Fault)) throw cause;
      pausedUntilMs.set(meter.deviceId, clock.monotonicMs() + PAUSE_POST_MS);
      return cause.message;
    }
  };

  const attend = async (meter: PublicMeterDevice): Promise<string | null> => {
    const key = deps.metering.keyOf(meter.meterId);
    if (!key) return 'The meter has not shown its key yet.';
    const account = accountOf(store.read, meter.deviceId);
    if (!account) return 'The meter has not named its account on the chain yet. It does when it is online.';
    if (!ledger.deployed()) return 'The contracts are not deployed yet.';
    const picture = deps.chain.now();
    const meterId = picture.byDevice.get(account.address.toLowerCase());
    const on = meterId === undefined ? undefined : picture.meters.get(meterId);
    if (!ledger.endpoint()) return 'The chain is away; its readings wait.';
    if (!on) return register(meter, account.address, key);
    if (on.state === 'registered') {
      if (!kernel.simulated) return 'Registered; a technician has to verify it on site.';
      const record = textHash(`${plant.id}:${key.deviceId}:${key.serial}`);
      return bring(meter, `verify-public:${on.meterId}:${on.epoch}`, 'verify-meters', 'verify it', {
        ...{ contract: 'SmartMeter', method: 'verifyDevice', args: [on.meterId, record] },
      });
    }
    const judged = await judge(meter, on);
    if (on.state !== 'active') return `It is in ${on.state}: it posts nothing until it is back in service.`;
    return (await post(meter, account.address, on)) ?? judged;
  };

  const turn = async (): Promise<void> => {
    for (const meter of meters) {
      try {
        notes.set(meter.deviceId, await attend(meter));
      } catch (cause) {
        const away = cause instanceof Fault && cause.code === 'chain.away';
        notes.set(meter.deviceId, away ? 'The chain is away; its readings wait.' : String(cause));
        if (!away) log.error('a public meter could not be attended to; the next turn tries again', { cause: String(cause) });
      }
    }
  };

  return {
    name: 'public-meters',
    meters,
    note: (deviceId) => notes.get(deviceId) ?? null,
    turn,
    async start() {
      let idle = true;
      const kick = (): void => {
        if (!idle) return;
        idle = false;
        busy = turn().finally(() => {
          idle = true;
        });
      };
      stops = [...stops, clock.setInterval(kick, TURN_MS)];
    },
    async stop() {
      for (const stop of stops.splice(0)) stop();
      await Promise.race([busy, new Promise((resolve) => clock.setTimeout(() => resolve(null), 8_000))]);
    },
  };
}
