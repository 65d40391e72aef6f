/**
 * The server side of the Modbus Application Protocol 1.1b3 (§6): one request PDU in, one response PDU out.
 * Codes served: 1, 2, 3, 4, 5, 6, 15, 16; others answer exception 1. A write is all or nothing.
 */
import { limits } from './requests.ts';
import { type ModbusUnit, modbusException, type Table } from './unit.ts';

const readTables: Readonly<Record<number, Table>> = { 1: 'coil', 2: 'discrete', 3: 'holding', 4: 'input' };

/** Answers `request` (function code and data, without unit id); never throws. */
export function answerPdu(unit: ModbusUnit, request: Buffer): Buffer {
  const code = request[0] ?? 0;
  try {
    const table = readTables[code];
    if (table) return answerRead(unit, code, table, request);
    if (code === 5 || code === 6) return answerSingleWrite(unit, code, request);
    if (code === 15 || code === 16) return answerArrayWrite(unit, code, request);
    throw modbusException(1);
  } catch (error) {
    return exceptionPdu(code, (error as { modbusErrorCode?: number }).modbusErrorCode ?? 4);
  }
}

export function exceptionPdu(code: number, exception: number): Buffer {
  return Buffer.from([code | 0x80, exception]);
}

function answerRead(unit: ModbusUnit, code: number, table: Table, request: Buffer): Buffer {
  const bits = table === 'coil' || table === 'discrete';
  if (request.length !== 5) throw modbusException(3);
  const address = request.readUInt16BE(1);
  const count = request.readUInt16BE(3);
  if (count < 1 || count > (bits ? limits.readBits : limits.readRegisters)) throw modbusException(3);
  if (address + count > 0x10000) throw modbusException(2);
  const values = unit.read(table, address, count);
  if (values.length !== count) throw modbusException(4);
  const data = bits ? packBits(values) : packRegisters(values);
  return Buffer.concat([Buffer.from([code, data.length]), data]);
}

function answerSingleWrite(unit: ModbusUnit, code: number, request: Buffer): Buffer {
  if (request.length !== 5) throw modbusException(3);
  const value = request.readUInt16BE(3);
  if (code === 5 && value !== 0 && value !== 0xff00) throw modbusException(3);
  unit.write(code === 5 ? 'coil' : 'holding', request.readUInt16BE(1), [code === 5 ? (value ? 1 : 0) : value]);
  return request;
}

function answerArrayWrite(unit: ModbusUnit, code: number, request: Buffer): Buffer {
  if (request.length < 6) throw modbusException(3);
  const bits = code === 15;
  const count = request.readUInt16BE(3);
  const bytes = bits ? Math.ceil(count / 8) : count * 2;
  if (count < 1 || count > (bits ? limits.writeBits : limits.writeRegisters)) throw modbusException(3);
  if (request[5] !== bytes || request.length !== 6 + bytes) throw modbusException(3);
  const data = request.subarray(6);
  const values = bits ? unpackBits(data, count) : Array.from({ length: count }, (_, i) => data.readUInt16BE(i * 2));
  unit.write(bits ? 'coil' : 'holding', request.readUInt16BE(1), values);
  return Buffer.from(request.subarray(0, 5));
}

function packRegisters(values: readonly number[]): Buffer {
  const data = Buffer.alloc(values.length * 2);
  for (let i = 0; i < values.length; i++) data.writeUInt16BE((values[i] as number) & 0xffff, i * 2);
  return data;
}

function packBits(values: readonly number[]): Buffer {
  const data = Buffer.alloc(Math.ceil(values.length / 8));
  for (let i = 0; i < values.length; i++) if (values[i]) data[i >> 3] = (data[i >> 3] as number) | (1 << (i & 7));
  return data;
}

function unpackBits(data: Buffer, count: number): number[] {
  return Array.from({ length: count }, (_, i) => ((data[i >> 3] as number) >> (i & 7)) & 1);
}
