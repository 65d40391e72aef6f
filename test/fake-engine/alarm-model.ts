/** Alarms of the three scenarios, and what can be done with them. */
import type { AlarmRow } from '../../src/shared/contract/operations.ts';

type Seed = Pick<
  AlarmRow,
  'id' | 'priority' | 'title' | 'source' | 'sourceName' | 'cause' | 'consequence' | 'action' | 'respondWithinS' | 'page'
> & { value?: string; agoS: number; state?: AlarmRow['state'] };

const CALM: Seed[] = [
  {
    id: 'al-latency',
    priority: 4,
    title: 'Device answers slowly',
    source: 'inverter-church-6',
    sourceName: 'PV inverter Nr. 6, Church Street',
    cause: 'Answers took longer than 500 ms in the last 10 minutes.',
    consequence: 'Its values may be up to 3 s old.',
    action: 'Look at the link when convenient.',
    respondWithinS: 86_400,
    page: 'devices:inverter-church-6',
    value: '640 ms',
    agoS: 2400,
    state: 'acknowledged',
  },
];
const ALARM: Seed[] = [
  {
    id: 'al-freq',
    priority: 1,
    title: 'Frequency below limit',
    source: 'plant',
    sourceName: 'Plant',
    cause: 'The plant is on its own and load exceeds generation.',
    consequence: 'Under-frequency relays shed loads at 49.0 Hz.',
    action: 'Start the genset or shed the next load.',
    respondWithinS: 60,
    page: 'balance',
    value: '49.42 Hz',
    agoS: 14,
  },
  {
    id: 'al-loss',
    priority: 1,
    title: 'Main grid lost',
    source: 'relay-pcc',
    sourceName: 'Interconnection relay',
    cause: 'The interconnection breaker opened on loss of mains.',
    consequence: 'The plant runs on the battery and local sources.',
    action: 'Check battery and reserve; resynchronise when the grid is back.',
    respondWithinS: 120,
    page: 'grid:q-pcc',
    value: 'open',
    agoS: 21,
  },
  {
    id: 'al-volt',
    priority: 2,
    title: 'Voltage low',
    source: 'b5',
    sourceName: 'Mill Yard',
    cause: 'Voltage at the end of feeder D is below 0.92 pu.',
    consequence: 'Equipment at Mill Yard may trip.',
    action: 'Reduce load on feeder D or close tie C–D.',
    respondWithinS: 300,
    page: 'grid:b5',
    value: '0.914 pu',
    agoS: 9,
  },
  {
    id: 'al-silent',
    priority: 2,
    title: 'Device silent',
    source: 'meter-mill-7',
    sourceName: 'Meter Nr. 7, Mill Lane',
    cause: 'No answer for 47 s.',
    consequence: 'Its reading will be missing from the next batch.',
    action: 'Check its cable and power; its values are shown as old.',
    respondWithinS: 900,
    page: 'devices:meter-mill-7',
    value: '47 s',
    agoS: 47,
  },
  {
    id: 'al-tamper',
    priority: 3,
    title: 'Reading refused',
    source: 'meter-shop',
    sourceName: 'Meter Village Shop',
    cause: 'The signature does not match the registered key.',
    consequence: 'The reading is kept apart and not settled.',
    action: 'Compare the key on the device with the registry.',
    respondWithinS: 3600,
    page: 'devices:meter-shop',
    value: 'interval kept apart',
    agoS: 140,
  },
  {
    id: 'al-chain',
    priority: 3,
    title: 'Chain away',
    source: 'chain',
    sourceName: 'Chain node',
    cause: 'The node does not answer.',
    consequence: 'Rounds wait in the outbox; nothing is lost.',
    action: 'Test the connection in Settings.',
    respondWithinS: 3600,
    page: 'settings:connections',
    value: '7 waiting',
    agoS: 260,
  },
  ...CALM.map((c) => ({ ...c, state: 'unacknowledged' as const })),
];

export class AlarmModel {
  rows: AlarmRow[];
  events: {
    id: number;
    alarm: string;
    title: string;
    priority: AlarmRow['priority'];
    source: string;
    event: 'raised' | 'cleared' | 'acknowledged' | 'shelved' | 'unshelved' | 'suppressed';
    timeMs: number;
    by: string | null;
    value: string | null;
  }[] = [];
  private nextEvent = 1;

  constructor(scenario: 'calm' | 'alarm' | 'empty', nowMs: number) {
    const seeds = scenario === 'alarm' ? ALARM : scenario === 'calm' ? CALM : [];
    this.rows = seeds.map(
      ({ agoS, state = 'unacknowledged', value = null, ...s }, i): AlarmRow => ({
        ...s,
        value,
        state,
        active: true,
        raisedMs: nowMs - agoS * 1000,
        clearedMs: null,
        acknowledgedMs: state === 'acknowledged' ? nowMs - 60_000 : null,
        acknowledgedBy: state === 'acknowledged' ? 'Demo operator' : null,
        shelvedUntilMs: null,
        shelveReason: null,
        count: 1 + (i % 3),
        firstOut: i === 1 && scenario === 'alarm',
      }),
    );
    if (scenario === 'empty') return;
    const titles = ['Device silent', 'Voltage low', 'Device answers slowly', 'Battery near empty', 'Line loaded above 90 %'];
    for (let i = 60; i > 0; i--) {
      const title = titles[i % titles.length] ?? 'Device silent';
      for (const event of ['raised', 'acknowledged', 'cleared'] as const)
        this.event(
          `old-${i}`,
          title,
          ((i % 4) + 1) as 1 | 2 | 3 | 4,
          ['Mill Yard', 'Community battery', 'Meter Village Shop'][i % 3] ?? '',
          event,
          nowMs - i * 1_300_000 + (event === 'raised' ? 0 : event === 'acknowledged' ? 40_000 : 160_000),
          event === 'acknowledged' ? 'Demo operator' : null,
        );
    }
    for (const r of this.rows) this.event(r.id, r.title, r.priority, r.sourceName, 'raised', r.raisedMs, null, r.value);
  }
  private event(
    alarm: string,
    title: string,
    priority: AlarmRow['priority'],
    source: string,
    event: AlarmModel['events'][number]['event'],
    timeMs: number,
    by: string | null,
    value: string | null = null,
  ) {
    this.events.push({ id: this.nextEvent++, alarm, title, priority, source, event, timeMs, by, value });
  }
  private change(id: string, change: Partial<AlarmRow>): AlarmRow {
    const index = this.rows.findIndex((r) => r.id === id);
    const row = this.rows[index];
    if (row === undefined) throw new Error(`There is no alarm ${id}.`);
    const changed = { ...row, ...change };
    this.rows[index] = changed;
    return changed;
  }
  acknowledge(ids: string[], by: string, nowMs: number): number {
    let n = 0;
    for (const id of ids) {
      const row = this.rows.find((r) => r.id === id);
      if (row === undefined || row.acknowledgedMs !== null) continue;
      this.change(id, { state: 'acknowledged', acknowledgedMs: nowMs, acknowledgedBy: by });
      this.event(id, row.title, row.priority, row.sourceName, 'acknowledged', nowMs, by);
      n++;
    }
    return n;
  }
  shelve(id: string, minutes: number, reason: string, by: string, nowMs: number): AlarmRow {
    const row = this.change(id, {
      state: 'shelved',
      shelvedUntilMs: nowMs + minutes * 60_000,
      shelveReason: reason,
      acknowledgedMs: nowMs,
      acknowledgedBy: by,
    });
    this.event(id, row.title, row.priority, row.sourceName, 'shelved', nowMs, by);
    return row;
  }
  unshelve(id: string, by: string, nowMs: number): AlarmRow {
    const row = this.change(id, { state: 'acknowledged', shelvedUntilMs: null, shelveReason: null });
    this.event(id, row.title, row.priority, row.sourceName, 'unshelved', nowMs, by);
    return row;
  }
  raise(seed: Omit<Seed, 'agoS'>, nowMs: number): void {
    this.rows = this.rows.filter((r) => r.id !== seed.id);
    this.rows.push({
      ...seed,
      value: seed.value ?? null,
      state: 'unacknowledged',
      active: true,
      raisedMs: nowMs,
      clearedMs: null,
      acknowledgedMs: null,
      acknowledgedBy: null,
      shelvedUntilMs: null,
      shelveReason: null,
      count: 1,
      firstOut: false,
    });
    this.event(seed.id, seed.title, seed.priority, seed.sourceName, 'raised', nowMs, null);
  }
  counts(unacknowledgedOnly: boolean) {
    const of = (p: number) =>
      this.rows.filter(
        (r) => r.priority === p && r.active && r.state !== 'shelved' && (!unacknowledgedOnly || r.state === 'unacknowledged'),
      ).length;
    return { p1: of(1), p2: of(2), p3: of(3), p4: of(4) };
  }
  strip() {
    return this.rows
      .filter((r) => r.state === 'unacknowledged')
      .sort((a, b) => a.priority - b.priority || b.raisedMs - a.raisedMs)
      .slice(0, 5)
      .map((r) => ({
        id: r.id,
        priority: r.priority,
        title: r.title,
        source: r.sourceName,
        raisedMs: r.raisedMs,
        acknowledged: false,
        active: r.active,
      }));
  }
}
