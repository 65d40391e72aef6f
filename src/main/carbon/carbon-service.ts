/**
 * The carbon ledger: one certificate per renewable meter and settled interval, never twice, each leading back to the two signed readings it
 * is the difference of. The chain holds the round's certificates as one bundle, because single meters' exports are private.
 */
import type { Database } from 'better-sqlite3';
import type { z } from 'zod';
import { EMISSION_FACTORS, meterFlags } from '../../domain/carbon/emission-factors.ts';
import type { Point } from '../../domain/settlement/babyjubjub.ts';
import type { CarbonSummary, Certificate, Provenance } from '../../shared/contract/exchange.ts';
import type { Overview } from '../../shared/contract/grid.ts';
import { Fault } from '../../shared/errors.ts';
import type { CertificatesPicture } from '../chain-copy/certificates-view.ts';
import type { ChainFold } from '../chain-copy/chain-fold.ts';
import type { Kernel, MarketClock, ProcessImage, Service } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { Community } from '../market/community.ts';
import { roundAt, roundMembers } from '../market/round-store.ts';
import type { MeterKey } from '../metering/meter-keys.ts';
import { readingSignatureValid } from '../metering/metering-service.ts';
import { readingAt, type StoredReading } from '../metering/reading-store.ts';
import { type CarbonNow, createCarbonNow } from './carbon-now.ts';
import * as certificates from './certificate-store.ts';
import { createChainCancellation } from './chain-cancellation.ts';
import { agreementOf, coverOf } from './chain-cover.ts';

type View = z.infer<typeof Certificate>;

export interface CarbonService extends Service {
  now(): CarbonNow;
  carbonNow(): z.infer<typeof Overview>['carbonNow'];
  /** Runs inside the transaction that marks the round settled; returns how many were issued. */
  issue(interval: number): number;
  /** Runs inside the transaction that ends a round for good: what was certified of it is void, and its beneficiaries are named in the journal. */
  roundEnded(interval: number, reason: string): void;
}

export interface CarbonDeps {
  readonly community: Community;
  readonly marketClock: Pick<MarketClock, 'plantNowMs'>;
  readonly ledger: Pick<LedgerService, 'entry' | 'enqueue' | 'kick' | 'endpoint' | 'operatorAddress' | 'state'>;
  /** Bundles as the copy of the chain has them. */
  readonly chain: ChainFold<CertificatesPicture>;
  /** Source under which a settled interval's certificates are issued on the chain; null before the contracts are known. */
  readonly roundSource: (interval: number) => string | null;
  readonly keyOf: (meterId: number) => MeterKey | undefined;
  /** Under which a round counted the meter's reading; keys change. */
  readonly keyAt?: (meterId: number, interval: number) => Point | undefined;
  readonly image: () => ProcessImage | null;
}

const YEAR_MS = 365 * 86_400_000;
const SOON_MS = 30 * 86_400_000;
const HOUR_MS = 3_600_000;
const CANCEL_MS = 1_500;

export function createCarbonService(kernel: Kernel, deps: CarbonDeps): CarbonService {
  const { store, clock, plant } = kernel;
  const { community } = deps;
  const { intervalMs } = plant.market;
  const measure = createCarbonNow(plant, deps.image);
  let cached: { at: number; value: CarbonNow } | null = null;
  const cancellation = createChainCancellation(kernel, deps);
  let stops: (() => void)[] = [];

  const now = (): CarbonNow => {
    const at = clock.monotonicMs();
    if (!cached || at - cached.at > 900) cached = { at, value: measure() };
    return cached.value;
  };

  const view = (c: certificates.StoredCertificate, orders?: Parameters<typeof coverOf>[4]): View => {
    const entry = deps.ledger.entry(`certificates:${c.interval}`);
    const agreement = agreementOf(c, coverOf(store.read, deps.chain.now(), deps.roundSource(c.interval), c, orders));
    const stuck = agreement.state === 'waiting' ? cancellation.stuck(c.id) : null;
    return {
      id: c.id,
      interval: c.interval,
      startMs: c.interval * intervalMs,
      device: c.deviceId,
      deviceName: community.byMeter(c.meterId)?.deviceName ?? c.deviceId,
      technology: c.technology,
      energyWh: c.energyWh,
      holder: c.beneficiary ?? c.holder,
      state: c.state,
      onChain: {
        transaction: entry?.transactionHash ?? null,
        ...agreement,
        ...(stuck === null ? {} : { text: `${agreement.text} It cannot go on: ${stuck}.` }),
      },
      issuedMs: c.issuedMs,
      expiresMs: c.expiresPlantMs,
    };
  };
  const need = (id: string): certificates.StoredCertificate => {
    const found = certificates.certificateById(store.read, id);
    if (!found) throw new Fault('not.found', `There is no certificate ${id}.`);
    return found;
  };

  const issue = (interval: number): number =>
    store.write((db) => {
      let issued = 0;
      for (const member of roundMembers(db, interval)) {
        const who = community.byMeter(member.meterId);
        if (!who?.renewableOnly || !member.exportWh || member.readingSequence === null) continue;
        certificates.insertCertificate(db, {
          id: `gc-${interval}-${who.deviceId}`,
          interval,
          meterId: who.meterId,
          deviceId: who.deviceId,
          technology: who.technology,
          energyWh: member.exportWh,
          holder: who.name,
          issuedMs: clock.nowMs(),
          expiresPlantMs: (interval + 1) * intervalMs + YEAR_MS,
          readingSequence: member.readingSequence,
        });
        issued++;
      }
      return issued;
    });

  const roundEnded = (interval: number, reason: string): void =>
    store.write((db) => {
      for (const c of certificates.voidCertificates(db, interval, clock.nowMs(), reason))
        kernel.journal.record({
          who: 'carbon',
          kind: 'fault',
          title: `Certificate ${c.id} is void`,
          text: `${c.energyWh} Wh${c.beneficiary === null ? '' : `, cancelled for ${c.beneficiary},`} count no more: the energy is certified again with a later round. Tell whoever relies on it. ${reason}`,
          target: `round:${interval}`,
          outcome: 'done',
        });
    });

  const provenance = (id: string): z.infer<typeof Provenance> => {
    const c = need(id);
    const db = store.read;
    const reading = readingAt(db, c.meterId, c.interval);
    const previous = reading && previousCounted(db, reading);
    const round = roundAt(db, c.interval);
    const settle = deps.ledger.entry(`settle:${c.interval}`);
    const issueEntry = deps.ledger.entry(`certificates:${c.interval}`);
    const key = deps.keyOf(c.meterId);
    const isSigned = (r: StoredReading): boolean => {
      const publicKey = deps.keyAt?.(c.meterId, r.interval) ?? key?.publicKey;
      return publicKey !== undefined && readingSignatureValid(r, publicKey);
    };
    const shown = (r: StoredReading) => ({
      device: r.deviceId,
      interval: r.interval,
      importWh: r.importWh,
      exportWh: r.exportWh,
      sequence: r.sequence,
      signature: r.signature,
      signatureValid: isSigned(r),
      receivedMs: r.receivedMs,
    });
    const events = certificates.eventsOf(db, id);
    return {
      certificate: view(c),
      readings: [previous, reading].flatMap((r) => (r ? [shown(r)] : [])),
      steps: [
        {
          title: 'Meter',
          text: `${community.byMeter(c.meterId)?.deviceName ?? c.deviceId} is registered as ${c.technology} only; storage and mixed sites yield no certificates.`,
          evidence: key
            ? [
                { label: 'Meter number', value: String(key.meterId) },
                { label: 'Public key x', value: key.publicKey[0].toString() },
                { label: 'Public key y', value: key.publicKey[1].toString() },
                {
                  label: 'Registration',
                  value: key.registration
                    ? (deps.ledger.entry(key.registration)?.transactionHash ??
                      (key.registration === 'chain' ? 'entered on the chain later' : 'waits in the outbox'))
                    : 'not yet queued',
                },
              ]
            : [],
        },
        {
          title: 'Readings',
          text:
            reading && previous
              ? `The export register went from ${previous.exportWh} to ${reading.exportWh} Wh: ${reading.exportWh - previous.exportWh} Wh.`
              : 'The readings it rests on are below.',
          evidence: [],
        },
        {
          title: 'Round',
          text: round
            ? `Interval ${c.interval} was settled${round.settledMs ? '' : ' (receipt pending)'}; its proof shows that the certificates equal the export of renewable meters.`
            : 'The round is missing.',
          evidence: [
            { label: 'Settlement transaction', value: settle?.transactionHash ?? '—' },
            { label: 'Block', value: String(settle?.block ?? '—') },
          ],
        },
        {
          title: 'Certificate',
          text: events.map((e) => e.text).join(' '),
          evidence: [
            { label: 'Energy', value: `${c.energyWh} Wh` },
            { label: 'State', value: c.state },
            ...(c.beneficiary ? [{ label: 'Cancelled for', value: c.beneficiary }] : []),
            { label: 'Bundle transaction', value: issueEntry?.transactionHash ?? 'waits in the outbox' },
          ],
        },
      ],
    };
  };

  const summary = (): z.infer<typeof CarbonSummary> => {
    const db = store.read;
    const total = (where: string, ...args: unknown[]): number =>
      (db.prepare(`SELECT coalesce(sum(energy_wh), 0) AS wh FROM certificate WHERE ${where}`).get(...args) as { wh: number }).wh;
    const plantNowMs = deps.marketClock.plantNowMs();
    const bySource = db
      .prepare(
        "SELECT technology, sum(energy_wh) AS energyWh FROM certificate WHERE state <> 'withdrawn' GROUP BY technology ORDER BY 2 DESC",
      )
      .all() as { technology: string; energyWh: number }[];
    const fromInterval = Math.floor(plantNowMs / intervalMs) - Math.round((7 * 24 * HOUR_MS) / intervalMs);
    const rows = hourly(db, fromInterval);
    const matching = rows.map((r) => ({
      hourStartMs: r.hour * HOUR_MS,
      loadWh: r.loadWh,
      renewableWh: r.renewableWh,
      percent: r.loadWh > 0 ? (Math.min(r.renewableWh, r.loadWh) / r.loadWh) * 100 : null,
    }));
    const usedWh = rows.reduce((sum, r) => sum + Math.min(r.renewableWh, r.loadWh), 0);
    const madeWh = rows.reduce((sum, r) => sum + r.renewableWh, 0);
    const loadWh = rows.reduce((sum, r) => sum + r.loadWh, 0);
    const share = madeWh > 0 ? usedWh / madeWh : 0;
    // The same week as the matching: what was made before it was used or exported before it.
    const made = db
      .prepare(
        "SELECT technology, sum(energy_wh) AS energyWh FROM certificate WHERE interval >= ? AND state <> 'withdrawn' GROUP BY technology ORDER BY 2 DESC",
      )
      .all(fromInterval) as { technology: string; energyWh: number }[];
    const flow = made.flatMap(({ technology, energyWh }) => [
      { from: technology, to: 'community', energyWh: Math.round(energyWh * share) },
      { from: technology, to: 'main grid', energyWh: energyWh - Math.round(energyWh * share) },
    ]);
    if (loadWh > usedWh) flow.push({ from: 'main grid and other sources', to: 'community', energyWh: loadWh - usedWh });
    const avoided =
      bySource.reduce(
        (sum, { technology, energyWh }) => sum + energyWh * Math.max(0, plant.carbon.gridIntensityGPerKwh - factorOf(technology)),
        0,
      ) / 1000;
    const { gPerKwh, mix } = now();
    return {
      intensityGPerKwh: gPerKwh,
      mix,
      issuedWh: total("state <> 'withdrawn'"),
      heldWh: total("state = 'active'"),
      cancelledWh: total("state = 'cancelled'"),
      expiringWh: total("state = 'active' AND expires_plant_ms < ?", plantNowMs + SOON_MS),
      avoidedGrams: Math.floor(avoided),
      factor: { gPerKwh: plant.carbon.gridIntensityGPerKwh, zone: plant.carbon.zone, source: plant.carbon.source },
      matching,
      flow: flow.filter((f) => f.energyWh > 0),
      bySource,
    };
  };

  /** Members' measured import and issued certificates per hour of plant time. */
  const hourly = (db: Database, fromInterval: number) =>
    db
      .prepare(
        `SELECT h.hour, coalesce(sum(h.load), 0) AS loadWh, coalesce(sum(h.green), 0) AS renewableWh FROM (
           SELECT m.interval * @intervalMs / 3600000 AS hour, m.import_wh AS load, 0 AS green FROM round_member m WHERE m.interval >= @from
           UNION ALL
           SELECT c.interval * @intervalMs / 3600000, 0, c.energy_wh FROM certificate c WHERE c.interval >= @from AND c.state <> 'withdrawn') h
         GROUP BY h.hour ORDER BY h.hour`,
      )
      .all({ intervalMs, from: fromInterval }) as { hour: number; loadWh: number; renewableWh: number }[];

  return {
    name: 'carbon',
    async start() {
      stops = [
        clock.setInterval(() => {
          const expired = store.write((db) => certificates.expireBefore(db, deps.marketClock.plantNowMs(), clock.nowMs()));
          if (expired > 0) kernel.log.info('certificates expired', { expired });
        }, 60_000),
        clock.setInterval(cancellation.turn, CANCEL_MS),
      ];
    },
    async stop() {
      for (const stop of stops.splice(0)) stop();
    },
    now,
    carbonNow() {
      const { gPerKwh, mix, timeMs } = now();
      return {
        intensityGPerKwh:
          gPerKwh === null
            ? { value: null, quality: 'missing', timeMs, reason: 'no source is measured' }
            : { value: gPerKwh, quality: 'estimated', timeMs },
        mix: mix.map(({ source, powerW, gPerKwh: factor }) => ({ source, powerW, gPerKwh: factor })),
      };
    },
    issue,
    roundEnded,
    handlers: {
      'carbon.summary': summary,
      'carbon.certificates': ({ limit, before, device }) => {
        const from =
          before === undefined
            ? Number.MAX_SAFE_INTEGER
            : (certificates.certificateById(store.read, before)?.number ?? Number.MAX_SAFE_INTEGER);
        const list = certificates.newestCertificates(store.read, limit, from, device ?? null);
        const { n } = store.read
          .prepare('SELECT count(*) AS n FROM certificate WHERE ? IS NULL OR device_id = ?')
          .get(device ?? null, device ?? null) as { n: number };
        const orders = new Map();
        return { certificates: list.map((c) => view(c, orders)), total: n };
      },
      'carbon.provenance': ({ certificate }) => provenance(certificate),
      'carbon.cancelCertificate': ({ certificate: id, beneficiary }) => {
        const found = need(id);
        if (found.state !== 'active')
          throw new Fault('conflict', `Certificate ${id} is ${found.state}; only an active one can be cancelled.`, { retry: 'never' });
        store.write((db) => {
          certificates.setCancelled(db, id, beneficiary);
          certificates.addEvent(
            db,
            id,
            clock.nowMs(),
            'cancelled',
            `Cancelled for ${beneficiary}. On the chain it is cut out of the round’s bundle, cancelled and claimed.`,
          );
        });
        return view(need(id));
      },
    },
  };
}

/** The reading the certificate's energy is counted from: the one before it that a round has taken. */
function previousCounted(db: Database, reading: StoredReading): StoredReading | undefined {
  const row = db
    .prepare('SELECT max(interval) AS n FROM round_member WHERE meter_id = ? AND reading_sequence IS NOT NULL AND interval < ?')
    .get(reading.meterId, reading.interval) as { n: number | null };
  return row.n === null ? undefined : readingAt(db, reading.meterId, row.n);
}

function factorOf(technology: string): number {
  const code = { solar: 1, wind: 2, hydro: 3, biomass: 4, diesel: 5 }[technology] ?? 0;
  const known = meterFlags(code << 1).technology;
  return known ? EMISSION_FACTORS[known].gCo2PerKWh.median : Number.POSITIVE_INFINITY;
}
