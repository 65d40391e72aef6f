/** Requests a second over one link, against a loop on a bare socket that only counts bytes, at the same depth of pipelining. */
import { connect } from 'node:net';
import { openLink } from '../drivers/modbus/link.ts';
import type { Benchmark } from './harness.ts';
import { startFarm } from './modbus-farm.ts';

const REGISTERS = 20;

const IN_FLIGHT = 32;
const SECONDS_PER_TURN = 1.5;
const TURNS = 4;

export async function run(): Promise<Benchmark> {
  const farm = await startFarm(1, 0);
  const port = farm.ports[0] as number;
  try {
    // The first run of each only warms up; then the two take turns, so that a busy machine hits both.
    await overLink(port, IN_FLIGHT, SECONDS_PER_TURN);
    await overSocket(port, IN_FLIGHT, SECONDS_PER_TURN);
    let ours = 0;
    let bare = 0;
    for (let i = 0; i < TURNS; i++) {
      ours = Math.max(ours, await overLink(port, IN_FLIGHT, SECONDS_PER_TURN));
      bare = Math.max(bare, await overSocket(port, IN_FLIGHT, SECONDS_PER_TURN));
    }
    return {
      figures: { requestsPerSecond: ours, inFlight: IN_FLIGHT, registers: REGISTERS, bareRequestsPerSecond: bare },
      peer: 'bare node:net socket loop, no parsing',
      ratio: ours / bare,
    };
  } finally {
    await farm.close();
  }
}

async function overLink(port: number, inFlight: number, seconds: number): Promise<number> {
  const link = openLink({ host: '127.0.0.1', port, maxInFlight: inFlight + 1 });
  const endMs = performance.now() + seconds * 1000;
  let done = 0;
  const worker = async () => {
    while (performance.now() < endMs) {
      const outcome = await link.read({ unit: 1, table: 'holding', address: 0, count: REGISTERS });
      if (outcome.kind !== 'ok') throw new Error(`the benchmark's own device failed: ${outcome.kind}`);
      done++;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  await link.close();
  return done / seconds;
}

function overSocket(port: number, inFlight: number, seconds: number): Promise<number> {
  const replyBytes = 9 + REGISTERS * 2;
  const request = Buffer.from([0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, REGISTERS]);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    let bytes = 0;
    let done = 0;
    let endMs = 0;
    socket.on('error', reject);
    socket.on('connect', () => {
      endMs = performance.now() + seconds * 1000;
      for (let i = 0; i < inFlight; i++) socket.write(request);
    });
    socket.on('data', (data) => {
      bytes += data.length;
      while (bytes >= replyBytes) {
        bytes -= replyBytes;
        done++;
        socket.write(request);
      }
      if (performance.now() < endMs) return;
      socket.destroy();
      resolve(done / seconds);
    });
  });
}
