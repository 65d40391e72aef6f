/**
 * Emergencies on the chain: tripped when a level is executed in the console, lifted when enough guardians have signed. The shutdown never
 * waits for any of this. The cause on the chain is the hash of the journal's entry that says who did what, so the two lead to each other.
 */
import { encodeBytes32String } from 'ethers';
import { type ChainLevel, ChainLevel as ChainLevels, type EmergencyLedger } from '../../shared/contract/ledger.ts';
import type { EmergencyState } from '../../shared/contract/operations.ts';
import { Fault } from '../../shared/errors.ts';
import type { PlantFile } from '../../shared/plant-file.ts';
import type { Kernel } from '../kernel/ports.ts';
import { eventsOf, evidence, type LedgerEvent } from '../ledger/events.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { createParties } from '../ledger/parties.ts';
import { roleHolders } from '../ledger/roles.ts';
import { sentLike, toSending } from '../ledger/sending.ts';
import { addTrip, type TripRow, tripsOf } from './trip-store.ts';

type Level = PlantFile['emergency']['levels'][number];
export interface Executed {
  readonly level: Level;
  readonly by: string;
  readonly startedMs: number;
}
export interface EmergencyRecordDeps {
  readonly ledger: Pick<LedgerService, 'enqueue' | 'kick' | 'endpoint' | 'indexedHeight' | 'operatorAddress' | 'manifest' | 'deployed'>;
  readonly parties: ReturnType<typeof createParties>;
  readonly guardianRole: number;
  readonly canPlay: () => boolean;
  readonly phase: () => EmergencyState['phase'];
}

const LEVELS: readonly ChainLevel[] = ChainLevels.options;
const RETRY_MS = 60_000;
const SHOWN = 20;
/** Restricted: transfers to critical loads go on. Shutdown: none do. */
export const chainLevelOf = (level: Pick<Level, 'keepsCritical'>): number => (level.keepsCritical ? 2 : 3);

interface OnChain {
  readonly emergency: number;
  readonly tripped: LedgerEvent;
  readonly level: number;
  readonly signatures: { readonly event: LedgerEvent; readonly guardian: string }[];
  lifted: LedgerEvent | null;
  replaced: boolean;
}
function emergenciesOf(db: Kernel['store']['read']): OnChain[] {
  const all: OnChain[] = [];
  for (const e of eventsOf(db, 'GridManagement', ['EmergencyTripped', 'LiftSigned', 'EmergencyLifted'])) {
    const emergency = Number(e.args.emergencyId);
    if (e.name === 'EmergencyTripped') {
      const before = all.at(-1);
      if (before && !before.lifted) before.replaced = true;
      all.push({ emergency, tripped: e, level: Number(e.args.level), signatures: [], lifted: null, replaced: false });
      continue;
    }
    const found = all.find((x) => x.emergency === emergency);
    if (e.name === 'LiftSigned') found?.signatures.push({ event: e, guardian: e.args.guardian ?? '' });
    else if (found) found.lifted = e;
  }
  return all;
}

export function createEmergencyRecord(kernel: Pick<Kernel, 'store' | 'clock' | 'journal' | 'log'>, deps: EmergencyRecordDeps) {
  const { store, clock } = kernel;
  const { ledger, parties } = deps;

  const queueTrip = (trip: TripRow, attempt: number): void =>
    ledger.enqueue({
      id: `${trip.id}:${attempt}`,
      kind: 'emergency',
      title: `Record the emergency: ${trip.levelName}`,
      body: { contract: 'GridManagement', method: 'trip', args: [trip.chainLevel, trip.cause], mayFail: true },
    });

  /** Never throws: a shutdown does not fail for its record. What could not be kept is said in the log. */
  const record = ({ level, by, startedMs }: Executed): void => {
    const id = `emergency:${startedMs}:${level.id}`;
    try {
      store.write((db) => {
        if (tripsOf(db, 500).some((t) => t.id === id)) return;
        const sequence = kernel.journal.record({
          who: by,
          kind: 'event',
          title: 'Emergency: for the chain',
          text: `Level ${level.name} (${level.id}) executed; its trip goes to the chain with this entry’s hash as its cause.`,
          target: level.id,
          outcome: 'noted',
        });
        const row = db.prepare('SELECT hash FROM journal WHERE sequence = ?').get(sequence) as { hash: string } | undefined;
        const cause = row ? `0x${row.hash}` : encodeBytes32String(level.id.slice(0, 31));
        const trip: TripRow = {
          id,
          startedMs,
          level: level.id,
          levelName: level.name,
          chainLevel: chainLevelOf(level),
          by,
          cause,
          journal: sequence,
        };
        addTrip(db, trip);
        queueTrip(trip, 0);
      });
      ledger.kick();
    } catch (cause) {
      kernel.log.error('the emergency could not be put in line for the chain; it is tried again', { cause: String(cause) });
    }
  };

  /** A trip the chain refused for a passing reason is tried again; one that a standing emergency covers is not. */
  const retry = (): void => {
    const onChain = emergenciesOf(store.read);
    const last = onChain.at(-1);
    const inForce = last && !last.lifted ? last.level : 0;
    for (const trip of tripsOf(store.read, SHOWN)) {
      if (onChain.some((e) => e.tripped.args.cause === trip.cause)) continue;
      const before = sentLike(store.read, `${trip.id}:`);
      const newest = before[0];
      if (newest?.state !== 'refused' || covered(newest.error) || trip.chainLevel <= inForce) continue;
      if (clock.nowMs() - newest.createdMs < RETRY_MS) continue;
      queueTrip(trip, before.length);
      ledger.kick();
    }
  };
  const covered = (error: string | null): boolean => error !== null && /NotHigher/.test(error);

  const guardians = () => (roleHolders(store.read).get(deps.guardianRole) ?? []).map((h) => h.address);
  const liftId = (emergency: number, tripped: LedgerEvent): string => `lift:${emergency}:${tripped.transaction}:`;

  const mySignature = (e: OnChain): Pick<EmergencyLedger['records'][number], 'mySignature' | 'why'> => {
    const me = ledger.operatorAddress.toLowerCase();
    if (e.signatures.some((s) => s.guardian.toLowerCase() === me)) return { mySignature: 'given', why: null };
    if (e.lifted || e.replaced) return { mySignature: 'not-needed', why: null };
    if (sentLike(store.read, liftId(e.emergency, e.tripped)).some((s) => s.state === 'waiting' || s.state === 'sent'))
      return { mySignature: 'on-its-way', why: null };
    if (!guardians().some((g) => g.toLowerCase() === me))
      return { mySignature: 'not-needed', why: 'The console’s account is no guardian. Others must sign.' };
    const phase = deps.phase();
    if (phase === 'acting' || phase === 'done')
      return { mySignature: 'possible', why: 'First confirm in the recovery steps that the cause is gone.' };
    return { mySignature: 'possible', why: null };
  };

  const view = (): EmergencyLedger => {
    const db = store.read;
    const onChain = emergenciesOf(db);
    const trips = tripsOf(db, SHOWN);
    const last = onChain.at(-1);
    const waiting = trips
      .filter((t) => !onChain.some((e) => e.tripped.args.cause === t.cause))
      .map((t) => {
        const entry = sentLike(db, `${t.id}:`)[0];
        const sending = entry ? toSending(entry) : null;
        const error = covered(sending?.error ?? null)
          ? 'An emergency of this level or a higher one already stands on the chain and has not been lifted; this one falls under it.'
          : (sending?.error ?? null);
        return {
          id: t.id,
          emergency: null,
          level: LEVELS[t.chainLevel] ?? 'shutdown',
          levelName: t.levelName,
          by: t.by,
          journal: t.journal,
          cause: t.cause,
          startedMs: t.startedMs,
          sending: sending && { ...sending, error },
          recorded: null,
          signatures: [],
          lifted: null,
          replaced: false,
          mySignature: 'not-needed' as const,
          why: null,
        };
      });
    const recorded = onChain.map((e) => {
      const trip = trips.find((t) => t.cause === e.tripped.args.cause);
      const entry = trip ? sentLike(db, `${trip.id}:`)[0] : undefined;
      return {
        id: trip?.id ?? `chain:${e.emergency}`,
        emergency: e.emergency,
        level: LEVELS[e.level] ?? 'shutdown',
        levelName: trip?.levelName ?? null,
        by: trip?.by ?? parties.of(e.tripped.args.by ?? '').name ?? e.tripped.args.by ?? '',
        journal: trip?.journal ?? null,
        cause: e.tripped.args.cause ?? '',
        startedMs: trip?.startedMs ?? null,
        sending: entry ? toSending(entry) : null,
        recorded: evidence(e.tripped),
        signatures: e.signatures.map((s) => ({ ...evidence(s.event), by: parties.of(s.guardian) })),
        lifted: e.lifted ? evidence(e.lifted) : null,
        replaced: e.replaced,
        ...mySignature(e),
      };
    });
    return {
      indexedBlock: ledger.indexedHeight(),
      chainInStep: ledger.endpoint() !== null,
      level: ledger.deployed() ? (LEVELS[last && !last.lifted ? last.level : 0] ?? 'normal') : null,
      needed: ledger.manifest()?.council.threshold ?? null,
      guardians: guardians().map(parties.of),
      canPlay: deps.canPlay(),
      records: [...waiting, ...recorded]
        .sort((a, b) => (b.startedMs ?? b.recorded?.timeMs ?? 0) - (a.startedMs ?? a.recorded?.timeMs ?? 0))
        .slice(0, SHOWN),
    };
  };

  const signLift = (emergency: number): string => {
    const found = emergenciesOf(store.read).find((e) => e.emergency === emergency);
    if (!found) throw new Fault('not.found', `The chain has no emergency ${emergency}.`);
    const mine = mySignature(found);
    if (mine.mySignature === 'given') throw new Fault('conflict', 'The console’s account has signed this already. Others must sign.');
    if (mine.mySignature === 'on-its-way') throw new Fault('conflict', 'The signature is on its way to the chain already.');
    if (mine.mySignature !== 'possible' || mine.why !== null)
      throw new Fault('permissive.missing', mine.why ?? 'This emergency is not in force any more; there is nothing to sign.');
    const prefix = liftId(emergency, found.tripped);
    const id = `${prefix}${sentLike(store.read, prefix).length}`;
    ledger.enqueue({
      id,
      kind: 'emergency',
      title: `Sign the lifting of emergency ${emergency}`,
      body: { contract: 'GridManagement', method: 'signLift', args: [emergency], mayFail: true },
    });
    ledger.kick();
    return 'The signature is in the outbox, behind what was there before.';
  };

  return { record, retry, view, signLift };
}
