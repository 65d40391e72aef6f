import { createServer, type Server, type Socket } from 'node:net';
import modbusSerial from 'modbus-serial';
import { afterEach, describe, expect, it } from 'vitest';
import { type LinkOptions, type ModbusLink, openLink } from './link.ts';
import { openModbusServer } from './server.ts';
import { faultyDevice, plainDevice, until } from './testing.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function link(port: number, options: Partial<LinkOptions> = {}): ModbusLink {
  const opened = openLink({ host: '127.0.0.1', port, backoffMinMs: 20, backoffMaxMs: 100, ...options });
  cleanups.push(() => opened.close());
  return opened;
}

async function device() {
  const setup = await faultyDevice();
  cleanups.push(() => setup.server.close());
  return setup;
}

/** A peer that decides for itself what to do with each request frame. */
async function rawPeer(
  onFrame: (socket: Socket, frame: Buffer, nth: number) => void,
): Promise<{ port: number; server: Server; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  let nth = 0;
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    let rest = Buffer.alloc(0);
    socket.on('data', (data: Buffer) => {
      rest = Buffer.concat([rest, data]);
      while (rest.length >= 12) {
        const length = rest.readUInt16BE(4) + 6;
        onFrame(socket, rest.subarray(0, length), nth++);
        rest = rest.subarray(length);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as { port: number }).port, server, sockets };
}

function registersReply(frame: Buffer, values: number[]): Buffer {
  const reply = Buffer.alloc(9 + values.length * 2);
  frame.copy(reply, 0, 0, 4);
  reply.writeUInt16BE(3 + values.length * 2, 4);
  reply.set([frame[6] as number, frame[7] as number, values.length * 2], 6);
  for (const [i, value] of values.entries()) reply.writeUInt16BE(value, 9 + i * 2);
  return reply;
}

const read = (address = 0, count = 2) => ({ unit: 1, table: 'holding', address, count }) as const;

describe('a link to a healthy device', () => {
  it('reads and writes every table', async () => {
    const { server, device: registers } = await device();
    const { tables } = registers;
    tables.input[4] = 77;
    tables.discrete[3] = 1;
    const one = link(server.port);
    expect(await one.write({ unit: 1, table: 'holding', address: 10, values: [1, 2, 3] })).toMatchObject({ kind: 'ok' });
    expect(await one.write({ unit: 1, table: 'holding', address: 20, values: [9] })).toMatchObject({ kind: 'ok' });
    expect(await one.write({ unit: 1, table: 'coil', address: 0, values: [1] })).toMatchObject({ kind: 'ok' });
    expect(await one.write({ unit: 1, table: 'coil', address: 8, values: [1, 0, 1] })).toMatchObject({ kind: 'ok' });
    expect(await one.read({ unit: 1, table: 'holding', address: 10, count: 3 })).toMatchObject({ kind: 'ok', values: [1, 2, 3] });
    expect(await one.read({ unit: 1, table: 'coil', address: 8, count: 3 })).toMatchObject({ kind: 'ok', values: [1, 0, 1] });
    expect(await one.read({ unit: 1, table: 'input', address: 4, count: 1 })).toMatchObject({ kind: 'ok', values: [77] });
    expect(await one.read({ unit: 1, table: 'discrete', address: 3, count: 1 })).toMatchObject({ kind: 'ok', values: [1] });
  });

  it("works with modbus-serial's own server too", async () => {
    const ServerTCP = (modbusSerial as unknown as typeof import('modbus-serial')).ServerTCP;
    const probe = await openModbusServer({ port: 0, units: new Map() });
    const { port } = probe;
    await probe.close();
    const peer = new ServerTCP(
      {
        getHoldingRegister: (address: number) => address + 1,
        setRegister: () => {},
        getMultipleHoldingRegisters: (address: number, length: number) => Array.from({ length }, (_, i) => address + i + 1),
      },
      { host: '127.0.0.1', port, unitID: 1 },
    );
    cleanups.push(() => new Promise<void>((resolve) => peer.close(() => resolve())));
    await new Promise<void>((resolve) => peer.on('initialized', () => resolve()));
    const one = link(port);
    expect(await one.read(read(5, 4))).toMatchObject({ kind: 'ok', values: [6, 7, 8, 9] });
    expect(await one.write({ unit: 1, table: 'holding', address: 1, values: [5, 6] })).toMatchObject({ kind: 'ok' });
  });

  it('never has more requests in flight than allowed, and answers each with its own registers', async () => {
    let waiting = 0;
    let most = 0;
    const peer = await rawPeer((socket, frame) => {
      most = Math.max(most, ++waiting);
      setTimeout(() => {
        waiting--;
        socket.write(registersReply(frame, [frame.readUInt16BE(8)]));
      }, 2);
    });
    const one = link(peer.port, { maxInFlight: 5 });
    const outcomes = await Promise.all(Array.from({ length: 400 }, (_, i) => one.read(read(i, 1))));
    for (const [i, outcome] of outcomes.entries()) expect(outcome).toMatchObject({ kind: 'ok', values: [i] });
    expect(most).toBe(4);
  });

  it('lets a command overtake every poll that waits', async () => {
    const order: string[] = [];
    const peer = await rawPeer((socket, frame) => {
      order.push(frame[7] === 6 ? 'command' : 'poll');
      setTimeout(() => socket.write(frame[7] === 6 ? frame : registersReply(frame, [0, 0])), 3);
    });
    const one = link(peer.port, { maxInFlight: 2 });
    await one.read(read());
    const polls = Array.from({ length: 50 }, () => one.read(read()));
    const command = await one.write({ unit: 1, table: 'holding', address: 1, values: [1] });
    expect(command.kind).toBe('ok');
    expect(order.indexOf('command')).toBeLessThanOrEqual(3);
    await Promise.all(polls);
  });

  it('keeps the pause a device needs between requests', async () => {
    const times: number[] = [];
    const peer = await rawPeer((socket, frame) => {
      times.push(performance.now());
      socket.write(registersReply(frame, [0, 0]));
    });
    const one = link(peer.port, { minGapMs: 25 });
    await Promise.all([one.read(read()), one.read(read()), one.read(read())]);
    const gaps = times.slice(1).map((time, i) => time - (times[i] as number));
    for (const gap of gaps) expect(gap).toBeGreaterThan(20);
  });

  it('refuses a request that no device could answer', async () => {
    const { server } = await device();
    const one = link(server.port);
    await expect(one.read(read(0, 126))).rejects.toThrow(RangeError);
    await expect(one.write({ unit: 1, table: 'holding', address: 0, values: [] })).rejects.toThrow(RangeError);
    expect(await one.read(read())).toMatchObject({ kind: 'ok' });
  });
});

describe('a link to a device that misbehaves', () => {
  it('types exceptions: a wrong address is final, busy passes', async () => {
    const setup = await device();
    const one = link(setup.server.port);
    expect(await one.read(read(255, 2))).toMatchObject({ kind: 'exception', code: 2, retry: 'never' });
    setup.fault = { kind: 'exception', code: 6 };
    expect(await one.read(read())).toMatchObject({ kind: 'exception', code: 6, retry: 'later' });
    setup.fault = { kind: 'none' };
    expect(await one.read(read())).toMatchObject({ kind: 'ok' });
    expect(one.stats().connects).toBe(1);
  });

  it('gives up on a silent device in time and talks again when it wakes', async () => {
    const setup = await device();
    const one = link(setup.server.port, { minTimeoutMs: 50, maxTimeoutMs: 200, initialTimeoutMs: 100 });
    await one.read(read());
    setup.fault = { kind: 'silent' };
    const startedMs = performance.now();
    expect(await one.read(read())).toMatchObject({ kind: 'timeout', sent: true });
    expect(performance.now() - startedMs).toBeLessThan(400);
    setup.fault = { kind: 'none' };
    await until(() => one.state() === 'open');
    expect(await one.read(read())).toMatchObject({ kind: 'ok' });
    expect(one.stats().connects).toBe(2);
  });

  it('never takes a late reply for the answer to a later request', async () => {
    // The first request is answered only after 300 others have gone out: its transaction id has come round again by then.
    let late: (() => void) | undefined;
    const peer = await rawPeer((socket, frame, nth) => {
      if (nth === 0) late = () => socket.write(registersReply(frame, [0xdead]));
      else {
        if (nth === 256) late?.();
        socket.write(registersReply(frame, [frame.readUInt16BE(8)]));
      }
    });
    const one = link(peer.port, { initialTimeoutMs: 60, minTimeoutMs: 60 });
    expect((await one.read(read(999, 1))).kind).toBe('timeout');
    await until(() => {
      one.connectNow();
      return one.state() === 'open';
    });
    for (let i = 1; i <= 300; i++) expect(await one.read(read(i, 1))).toMatchObject({ kind: 'ok', values: [i] });
  });

  it('raises its timeout for a device that has become slow', async () => {
    const setup = await device();
    const one = link(setup.server.port, { minTimeoutMs: 20, maxTimeoutMs: 1000, initialTimeoutMs: 100 });
    for (let i = 0; i < 20; i++) await one.read(read());
    expect(one.stats().timeoutMs).toBeLessThan(60);
    setup.fault = { kind: 'slow', delayMs: 120 };
    let tries = 0;
    let outcome = await one.read(read());
    while (outcome.kind !== 'ok' && tries++ < 20) {
      one.connectNow();
      await until(() => one.state() !== 'waiting');
      outcome = await one.read(read());
    }
    expect(outcome.kind).toBe('ok');
    expect(one.stats().timeoutMs).toBeGreaterThan(120);
  });

  it('calls bytes that make no reply malformed, not silence, and recovers', async () => {
    const setup = await device();
    const one = link(setup.server.port, { minTimeoutMs: 80, initialTimeoutMs: 80, maxTimeoutMs: 100 });
    await one.read(read());
    setup.fault = { kind: 'garbage' };
    expect(await one.read(read())).toMatchObject({ kind: 'malformed' });
    setup.fault = { kind: 'none' };
    await until(() => {
      one.connectNow();
      return one.state() === 'open';
    });
    expect(await one.read(read())).toMatchObject({ kind: 'ok' });
  });

  it.each([
    ['another unit', (frame: Buffer) => frame.fill(9, 6, 7)],
    ['another function code', (frame: Buffer) => frame.fill(4, 7, 8)],
    ['too few registers', (frame: Buffer) => frame.fill(2, 8, 9)],
  ])('refuses a reply of %s', async (_what, spoil) => {
    const peer = await rawPeer((socket, frame) => socket.write(spoil(registersReply(frame, [1, 2]))));
    const one = link(peer.port);
    expect(await one.read(read())).toMatchObject({ kind: 'malformed' });
  });

  it('refuses a write whose echo differs', async () => {
    const peer = await rawPeer((socket, frame) => {
      const echo = Buffer.from(frame);
      echo.writeUInt16BE(0, 10);
      socket.write(echo);
    });
    const one = link(peer.port);
    expect(await one.write({ unit: 1, table: 'holding', address: 3, values: [7] })).toMatchObject({ kind: 'malformed', sent: true });
  });

  it('asks a read again when the connection drops, but never repeats a write by itself', async () => {
    let writes = 0;
    const peer = await rawPeer((socket, frame, nth) => {
      if (frame[7] === 6) {
        writes++;
        socket.destroy();
      } else if (nth === 1) socket.destroy();
      else socket.write(registersReply(frame, [5, 6]));
    });
    const one = link(peer.port);
    await one.read(read());
    expect(await one.read(read())).toMatchObject({ kind: 'ok', values: [5, 6] });
    expect(await one.write({ unit: 1, table: 'holding', address: 3, values: [7] })).toMatchObject({ kind: 'disconnected', sent: true });
    await until(() => one.state() === 'open');
    expect(writes).toBe(1);
  });

  it('notices a half-open connection: the peer is gone without a word', async () => {
    const setup = await device();
    // Bytes are still taken and go nowhere, without FIN or RST; then the host is gone for new connections too.
    const one = link(setup.server.port, { minTimeoutMs: 60, initialTimeoutMs: 60, maxTimeoutMs: 100 });
    await one.read(read());
    setup.fault = { kind: 'silent' };
    expect((await one.read(read())).kind).toBe('timeout');
    setup.fault = { kind: 'refuse-connections' };
    await until(() => one.state() === 'waiting');
    expect(await one.read(read())).toMatchObject({ kind: 'disconnected', sent: false });
    setup.fault = { kind: 'none' };
    await until(() => {
      one.connectNow();
      return one.state() === 'open';
    });
    expect(await one.read(read())).toMatchObject({ kind: 'ok' });
  });

  it('fails fast while nobody listens, and comes back by itself', async () => {
    const first = await faultyDevice();
    const { port } = first.server;
    const one = link(port);
    expect((await one.read(read())).kind).toBe('ok');
    await first.server.close();
    await until(() => one.state() === 'waiting');
    const startedMs = performance.now();
    expect(await one.read(read())).toMatchObject({ kind: 'disconnected', sent: false });
    expect(performance.now() - startedMs).toBeLessThan(100);
    const second = await faultyDevice(port);
    cleanups.push(() => second.server.close());
    await until(() => one.state() === 'open');
    expect((await one.read(read())).kind).toBe('ok');
  });

  it('settles everything when it is closed', async () => {
    const setup = await device();
    setup.fault = { kind: 'silent' };
    const one = link(setup.server.port);
    const polls = Array.from({ length: 20 }, () => one.read(read()));
    await until(() => one.stats().inFlight > 0);
    await one.close();
    for (const outcome of await Promise.all(polls)) expect(['closed', 'disconnected']).toContain(outcome.kind);
    expect(await one.read(read())).toEqual({ kind: 'closed', sent: false });
    await until(() => setup.server.connections() === 0);
  });

  it('replaces the connection without losing the polls that wait behind a timed-out one', async () => {
    const registers = plainDevice();
    registers.tables.holding[0] = 42;
    let mute = true;
    const peer = await rawPeer((socket, frame) => {
      if (frame.readUInt16BE(8) === 100 && mute) {
        mute = false;
        return;
      }
      socket.write(registersReply(frame, [42]));
    });
    const one = link(peer.port, { initialTimeoutMs: 80, minTimeoutMs: 80 });
    await one.read(read(0, 1));
    const lost = one.read(read(100, 1));
    const others = Array.from({ length: 30 }, () => one.read(read(0, 1)));
    expect((await lost).kind).toBe('timeout');
    for (const outcome of await Promise.all(others)) expect(outcome).toMatchObject({ kind: 'ok', values: [42] });
  });
});
