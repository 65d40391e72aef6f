/**
 * The exchange as it runs, for tests: real broker, SQLite, development node, contracts and prover; only the meters and gateways are played.
 * It can be stopped and built again over the same folder, as a console that was killed and started.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { connectMqtt, type MqttClient } from '../../../../drivers/mqtt/client.ts';
import { type CallInput, type CallName, type CallOutput, contract } from '../../../shared/contract/contract.ts';
import type { PlantFile } from '../../../shared/plant-file.ts';
import { createExchange, type Exchange, type ExchangeOptions } from '../../exchange.ts';
import { silentLog } from '../../kernel/log.ts';
import { type TestKernel, testKernel } from './test-kernel.ts';
import { type TestMeter, testMeter } from './test-plant.ts';

export interface SettledLine {
  readonly interval: number;
  readonly kind: string;
  readonly price: number | null;
  readonly tradedWh: number;
}

export interface TestExchange {
  readonly dataDir: string;
  readonly meters: readonly TestMeter[];
  readonly kernel: TestKernel;
  readonly exchange: Exchange;
  readonly client: MqttClient;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops and forgets the data. */
  remove(): Promise<void>;
  /** Meters publish at the end of each interval, as the clock says: solar 900 Wh out, the others 400 Wh in; `silent` leaves one out. */
  play(silent?: (meter: TestMeter, interval: number) => boolean): void;
  /** The member's meter signs with another key from now on; with `registers` it is another device. It shows its key at once. */
  rekey(memberId: string, seed: number, registers?: { importWh: number; exportWh: number; sequence: number }): TestMeter;
  settled(): SettledLine[];
  until(what: string, holds: () => boolean, withinMs: number): Promise<void>;
  /** As the gate would: parse the input, run, parse the output. */
  call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>>;
}

export function testExchange(given: {
  plant: PlantFile;
  members: readonly string[];
  solar: string;
  options: ExchangeOptions;
}): TestExchange {
  const { plant, solar, options } = given;
  const dataDir = mkdtempSync(join(tmpdir(), 'busbar-exchange-'));
  const meters: TestMeter[] = given.members.map((id) => testMeter(plant, id));
  const registers = new Map(meters.map((m) => [m.memberId, { importWh: 10_000, exportWh: 500, sequence: 0 }]));
  const lines: string[] = [];
  let kernel: TestKernel;
  let exchange: Exchange;
  let client: MqttClient;
  let told = -1;
  let stopPlaying = (): void => {};

  const settled = (): SettledLine[] =>
    kernel.store.read
      .prepare("SELECT interval, kind, price, traded_wh AS tradedWh FROM round WHERE state = 'settled' ORDER BY interval")
      .all() as SettledLine[];

  const stop = async (): Promise<void> => {
    stopPlaying();
    await client.close();
    for (const service of exchange.services().reverse()) await service.stop();
    for (const service of exchange.prepare().reverse()) await service.stop();
    kernel.store.close();
  };

  return {
    dataDir,
    meters,
    get kernel() {
      return kernel;
    },
    get exchange() {
      return exchange;
    },
    get client() {
      return client;
    },
    async start() {
      kernel = testKernel({ dataDir, plant, log: silentLog(lines) });
      exchange = createExchange(kernel, options);
      for (const service of exchange.prepare()) await service.start();
      const { username, password } = exchange.broker.credentials;
      client = connectMqtt({ url: exchange.broker.url, clientId: 'test-field', username, password });
      for (const service of exchange.services()) await service.start();
    },
    stop,
    async remove() {
      await stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
    play(silent = () => false) {
      const timer = setInterval(() => {
        const ended = exchange.marketClock.currentInterval() - 1;
        if (told < 0) told = ended;
        while (told < ended) {
          told++;
          for (const meter of meters) {
            const at = registers.get(meter.memberId) as { importWh: number; exportWh: number; sequence: number };
            if (meter.memberId === solar) at.exportWh += 900;
            else at.importWh += 400;
            if (silent(meter, told)) continue;
            at.sequence++;
            client.send(`busbar/meters/${meter.deviceId}/reading`, meter.reading(told, at.importWh, at.exportWh, at.sequence));
          }
        }
      }, 50);
      stopPlaying = () => clearInterval(timer);
    },
    rekey(memberId, seed, counting) {
      const meter = testMeter(plant, memberId, seed, counting ? `T-${seed}` : undefined);
      meters[meters.findIndex((m) => m.memberId === memberId)] = meter;
      if (counting) registers.set(memberId, counting);
      client.send(`busbar/meters/${meter.deviceId}/identity`, meter.identity());
      return meter;
    },
    settled,
    async until(what, holds, withinMs) {
      for (const end = Date.now() + withinMs; !holds(); await new Promise((resolve) => setTimeout(resolve, 100))) {
        if (Date.now() > end)
          throw new Error(
            `${what} did not happen: ${JSON.stringify(exchange.chainState())} ${JSON.stringify(kernel.store.read.prepare('SELECT interval, state, message FROM round').all())} speed ${exchange.marketClock.speed()} ${lines
              .filter((l) => !l.startsWith('debug'))
              .slice(-12)
              .join(' | ')}`,
          );
      }
    },
    async call(name, input) {
      const definition = ({ ...contract.queries, ...contract.commands } as Record<string, { input: z.ZodType; output: z.ZodType }>)[name];
      const handlers = Object.assign({}, ...exchange.services().map((s) => s.handlers)) as Record<string, (input: unknown) => unknown>;
      return definition?.output.parse(await handlers[name]?.(definition.input.parse(input))) as never;
    },
  };
}
