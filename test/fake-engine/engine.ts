/**
 * A small in-memory engine that answers the whole contract with a lively, seeded plant. For designing and testing screens only: nothing
 * here measures, proves or settles. Every input and every output goes through the contract's schemas, as at the real gate.
 */
import {
  type CallName,
  type CallOutput,
  contract,
  type Handlers,
  isCommand,
  type ParsedInput,
  type TopicName,
  type TopicPayload,
} from '../../src/shared/contract/contract.ts';
import { Fault, type WireFault } from '../../src/shared/errors.ts';
import type { PlantFile } from '../../src/shared/plant-file.ts';
import { roleAllows } from '../../src/shared/roles.ts';
import { createHandlers, step } from './handlers.ts';
import { devices } from './operations-views.ts';
import { balance, overview, pointValue, status } from './views.ts';
import { createWorld, type JournalEntry, type Scenario } from './world.ts';

export interface FakeEngine {
  call(name: string, input: unknown): Promise<unknown>;
  /** Validates the topic and its parameters; `push` gets each payload until the returned function is called. */
  subscribe(topic: string, params: unknown, push: (payload: unknown) => void): () => void;
  dispose(): void;
}
export interface FakeOptions {
  plant: PlantFile;
  scenario: Scenario;
  now?: () => number;
}
const PERIOD_MS: Partial<Record<TopicName, number>> = {
  status: 1000,
  overview: 1000,
  points: 200,
  grid: 500,
  balance: 500,
  devices: 1000,
  alarms: 500,
  emergency: 100,
  market: 1000,
  rounds: 1000,
  session: 1000,
  training: 1000,
};

export function createFakeEngine({ plant, scenario, now = Date.now }: FakeOptions): FakeEngine {
  const journalListeners = new Set<(entry: JournalEntry) => void>();
  const world = createWorld(plant, scenario, now, (entry) => {
    for (const l of journalListeners) l(entry);
  });
  const handlers = createHandlers(world);
  const stops = new Set<() => void>();
  const pulse = setInterval(() => step(world), 100);
  const payload = (topic: TopicName, params: unknown): unknown => {
    switch (topic) {
      case 'status':
        return status(world);
      case 'session':
        return handlers['session.get']({}, caller());
      case 'overview':
        return overview(world);
      case 'grid':
        return world.model.gridState(now());
      case 'balance':
        return balance(world);
      case 'points': {
        const { points } = params as { points: string[] };
        return Object.fromEntries(points.map((id) => [id, world.model.value(pointValue(world, id, now()), now())]));
      }
      case 'market':
        return world.exchange.marketNow(now());
      case 'rounds':
        return { rounds: world.exchange.rounds(now(), 96) };
      case 'devices':
        return devices(world);
      case 'alarms':
        return world.alarms.rows;
      case 'emergency':
        return handlers['emergency.state']({}, caller());
      case 'training':
        return { active: world.faults };
      default:
        return undefined;
    }
  };
  const caller = () => ({ sessionId: 'fake', person: world.person });

  return {
    call: async (name, input) => {
      const definition = { ...contract.queries, ...contract.commands }[name as CallName];
      if (definition === undefined) throw new Fault('call.unknown', `There is no call ${name}.`);
      if (!roleAllows(world.person?.role ?? null, definition.role))
        throw new Fault(world.person === null ? 'session.required' : 'role.missing', 'Sign in with a role that may do this.');
      const parsed = definition.input.safeParse(input);
      if (!parsed.success) throw new Fault('input.invalid', parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; '));
      const run = handlers[name as CallName] as (input: unknown, c: ReturnType<typeof caller>) => unknown;
      const output = definition.output.parse(await run(parsed.data, caller()));
      if (isCommand(name as CallName) && !name.startsWith('session.') && !name.startsWith('journal.'))
        world.note(
          world.person?.name ?? 'nobody',
          'act',
          contract.commands[name as keyof typeof contract.commands].title,
          JSON.stringify({ ...(parsed.data as object), password: undefined, token: undefined }),
        );
      return output;
    },
    subscribe: (topic, params, push) => {
      const definition = contract.topics[topic as TopicName];
      if (definition === undefined) throw new Fault('call.unknown', `There is no topic ${topic}.`);
      const parsed = definition.params.parse(params);
      const send = () => {
        const value = payload(topic as TopicName, parsed);
        if (value !== undefined) push(definition.payload.parse(value));
      };
      if (topic === 'journal') {
        journalListeners.add(push);
        return () => journalListeners.delete(push);
      }
      if (topic === 'progress') return () => {};
      send();
      const timer = setInterval(send, PERIOD_MS[topic as TopicName] ?? 1000);
      const stop = () => {
        clearInterval(timer);
        stops.delete(stop);
      };
      stops.add(stop);
      return stop;
    },
    dispose: () => {
      clearInterval(pulse);
      for (const stop of [...stops]) stop();
    },
  };
}

export function wireFault(error: unknown): WireFault {
  if (error instanceof Fault)
    return { code: error.code, message: error.message, retry: error.retry, traceId: 'fake', details: error.details };
  return { code: 'engine.internal', message: error instanceof Error ? error.message : String(error), retry: 'never', traceId: 'fake' };
}
export type { CallOutput, Handlers, ParsedInput, TopicPayload };
