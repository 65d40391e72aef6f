/** The state of the small in-memory console that the handlers read and change. */
import type { CallOutput } from '../../src/shared/contract/contract.ts';
import type { PlantFile } from '../../src/shared/plant-file.ts';
import type { Role } from '../../src/shared/roles.ts';
import { AlarmModel } from './alarm-model.ts';
import { ExchangeModel } from './exchange-model.ts';
import { PlantModel } from './plant-model.ts';
import { hex } from './random.ts';

export type Scenario = 'calm' | 'alarm' | 'empty' | 'sign-in' | 'first-start';
export type JournalEntry = CallOutput<'journal.list'>['entries'][number];

export interface World {
  readonly plant: PlantFile;
  readonly scenario: Scenario;
  readonly model: PlantModel;
  readonly exchange: ExchangeModel;
  readonly alarms: AlarmModel;
  readonly now: () => number;
  person: { id: string; name: string; role: Role } | null;
  locked: boolean;
  needsFirstSupervisor: boolean;
  people: CallOutput<'people.list'>;
  journal: JournalEntry[];
  emergency: CallOutput<'emergency.state'> & { token: string | null };
  maintenance: Set<string>;
  modes: Map<string, 'auto' | 'manual' | 'off'>;
  faults: CallOutput<'training.list'>['active'];
  note(who: string, kind: JournalEntry['kind'], title: string, text: string, outcome?: JournalEntry['outcome'], target?: string): void;
}

export function createWorld(plant: PlantFile, scenario: Scenario, now: () => number, onJournal: (entry: JournalEntry) => void): World {
  const boot = now();
  const model = new PlantModel(plant, boot);
  const world: World = {
    plant,
    scenario,
    model,
    exchange: new ExchangeModel(model, scenario === 'empty' ? 0 : 96),
    alarms: new AlarmModel(scenario === 'alarm' ? 'alarm' : scenario === 'empty' ? 'empty' : 'calm', boot),
    now,
    person: scenario === 'sign-in' || scenario === 'first-start' ? null : { id: 'demo', name: 'Demo operator', role: 'supervisor' },
    locked: false,
    needsFirstSupervisor: scenario === 'first-start',
    people: [{ id: 'demo', name: 'Demo operator', role: 'supervisor', disabled: false, createdMs: boot }],
    journal: [],
    emergency: {
      phase: 'ready',
      drill: false,
      level: null,
      armedUntilMs: null,
      startedMs: null,
      by: null,
      deadlineMs: plant.emergency.deadlineMs,
      relays: [],
      unverified: [],
      elapsedMs: null,
      recovery: [],
      token: null,
    },
    maintenance: new Set(),
    modes: new Map(),
    faults: [],
    note: (who, kind, title, text, outcome = 'done', target) => {
      const sequence = world.journal.length + 1;
      const entry: JournalEntry = {
        sequence,
        timeMs: now(),
        who,
        kind,
        title,
        text,
        target: target ?? null,
        outcome,
        hash: hex(`j${sequence}${title}`, 32),
      };
      world.journal.push(entry);
      onJournal(entry);
    },
  };
  if (scenario === 'alarm') {
    model.positions.set('q-pcc', 'open');
    model.silent.add('meter-mill-7');
    model.silent.add('relay-b');
    world.exchange.chainAway = true;
  }
  if (scenario !== 'empty') {
    const lines: [string, JournalEntry['kind'], string, string][] = [
      ['engine', 'event', 'Console started', 'Data folder opened, 34 devices polled, chain in step.'],
      ['Demo operator', 'act', 'Sign in', 'Signed in as supervisor.'],
      ['control', 'decision', 'Battery: charge with surplus', 'Solar exceeds load by 14 kW and the battery is at 52 %.'],
      ['market', 'event', 'Interval cleared', '16 orders, 3.2 kWh traded at 18.40 ct/kWh.'],
      ['prover', 'event', 'Settlement proven', 'Groth16 proof made in 6.9 s and verified.'],
      ['chain', 'event', 'Settlement confirmed', 'Block 131, 412 377 gas.'],
      ['Demo operator', 'act', 'Operate a switch', 'Tie A–B closed, verified after 240 ms.'],
      ['Demo operator', 'act', 'Hang a lock-out tag', 'Tie C–D: work on cable until 14:00.'],
      ['control', 'decision', 'Curtail PV at Orchard Row 3', 'Voltage at Orchard Row 3 reached 1.09 pu.'],
      ['Demo operator', 'act', 'Operate a switch', 'Refused: a lock-out tag hangs on Tie C–D.'],
    ];
    for (let i = 0; i < 40; i++) {
      const [who, kind, title, text] = lines[i % lines.length] as (typeof lines)[number];
      const sequence = i + 1;
      world.journal.push({
        sequence,
        timeMs: boot - (40 - i) * 96_000,
        who,
        kind,
        title,
        text,
        target: null,
        outcome: text.startsWith('Refused') ? 'refused' : kind === 'act' || kind === 'decision' ? 'done' : 'noted',
        hash: hex(`j${sequence}`, 32),
      });
    }
  }
  return world;
}
