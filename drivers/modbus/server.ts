/**
 * Modbus TCP server for simulated devices and tests. Many units behind one port, array writes at once, and misbehaviour on
 * demand. Framing: MODBUS Messaging on TCP/IP Implementation Guide 1.0b, §3.1.3 (MBAP header).
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { answerPdu, exceptionPdu } from './pdu.ts';
import type { ModbusUnit } from './unit.ts';

export type DeviceFault =
  | { readonly kind: 'none' }
  /** Takes requests and never answers, as a hung device does. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** Answers with bytes that are no Modbus frame. */
  | { readonly kind: 'garbage' }
  | { readonly kind: 'exception'; readonly code: number }
  | { readonly kind: 'refuse-connections' };

export interface ModbusServer {
  readonly host: string;
  readonly port: number;
  connections(): number;
  /** Requests taken since start, whether answered or not. */
  requests(): number;
  dropConnections(): void;
  close(): Promise<void>;
}

const MBAP_BYTES = 7;
const MAX_ADU_BYTES = 260;
const garbageBytes = Buffer.from('deadbeef0000ffff03f0ca11ab1e0000', 'hex');

/**
 * Opens a server. `units` maps unit ids to devices (255 answers any id not listed); an unknown unit answers exception 11, as a
 * gateway does. `fault` is asked at each request, so that a running plant can change it. Port 0 takes a free one.
 * Rejects with the system's error when the port is taken.
 */
export async function openModbusServer(options: {
  host?: string;
  port: number;
  units: ReadonlyMap<number, ModbusUnit>;
  fault?: () => DeviceFault;
}): Promise<ModbusServer> {
  const host = options.host ?? '127.0.0.1';
  const fault = options.fault ?? ((): DeviceFault => ({ kind: 'none' }));
  const sockets = new Set<Socket>();
  let requests = 0;

  const handle = (socket: Socket, frame: Buffer): void => {
    requests++;
    const current = fault();
    if (current.kind === 'silent' || current.kind === 'refuse-connections') return;
    if (current.kind === 'garbage') {
      socket.write(garbageBytes);
      return;
    }
    const answer = () => {
      if (socket.destroyed) return;
      const id = frame[6] as number;
      const request = frame.subarray(MBAP_BYTES);
      const unit = options.units.get(id) ?? options.units.get(255);
      const refusal = current.kind === 'exception' ? current.code : unit ? undefined : 11;
      const pdu = refusal === undefined && unit ? answerPdu(unit, request) : exceptionPdu(request[0] ?? 0, refusal ?? 11);
      socket.write(frameResponse(frame, pdu));
    };
    if (current.kind === 'slow') setTimeout(answer, current.delayMs).unref();
    else answer();
  };

  const server = createServer((socket) => {
    if (fault().kind === 'refuse-connections') {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.setNoDelay();
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
    let buffered: Buffer = Buffer.alloc(0);
    socket.on('data', (data: Buffer) => {
      buffered = buffered.length === 0 ? data : Buffer.concat([buffered, data]);
      while (buffered.length >= MBAP_BYTES) {
        const length = buffered.readUInt16BE(4);
        // Not Modbus, or no longer in step: the guide asks the server to close rather than to guess where a frame starts.
        if (buffered.readUInt16BE(2) !== 0 || length < 2 || length + 6 > MAX_ADU_BYTES) {
          socket.destroy();
          return;
        }
        if (buffered.length < length + 6) break;
        handle(socket, buffered.subarray(0, length + 6));
        buffered = buffered.subarray(length + 6);
      }
    });
  });
  server.listen({ host, port: options.port });
  await once(server, 'listening');
  return {
    host,
    port: (server.address() as AddressInfo).port,
    connections: () => sockets.size,
    requests: () => requests,
    dropConnections() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function frameResponse(request: Buffer, pdu: Buffer): Buffer {
  const response = Buffer.alloc(MBAP_BYTES + pdu.length);
  request.copy(response, 0, 0, 4);
  response.writeUInt16BE(pdu.length + 1, 4);
  response[6] = request[6] as number;
  pdu.copy(response, MBAP_BYTES);
  return response;
}
