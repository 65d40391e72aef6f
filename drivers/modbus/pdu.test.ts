import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import modbusSerial from 'modbus-serial';
import { afterEach, describe, expect, it } from 'vitest';
import { answerPdu } from './pdu.ts';
import { type ModbusServer, openModbusServer } from './server.ts';
import { plainDevice, until } from './testing.ts';
import type { Table } from './unit.ts';

interface Vector {
  id: string;
  request: string;
  response: string;
  decoded: { address: number; quantity?: number; value?: number; values?: number[]; registers?: number[] };
  tcp?: { request: string; response: string };
}
const { pdu: vectors } = JSON.parse(readFileSync(new URL('./fixtures/modbus_vectors.json', import.meta.url), 'utf8')) as { pdu: Vector[] };
const tables: Record<string, Table> = { '01': 'coil', '03': 'holding', '04': 'input' };

/** A device in the state the specification's example assumes. */
function deviceFor({ request, decoded }: Vector) {
  const device = plainDevice();
  const table = tables[request.slice(0, 2)];
  const values = decoded.values ?? decoded.registers;
  if (table && values) device.tables[table].splice(decoded.address, values.length, ...values);
  return device;
}

const Client = (modbusSerial as unknown as { default: new () => import('modbus-serial').default }).default;

describe('the worked examples of the Modbus specification', () => {
  it.each(vectors.map((vector): [string, Vector] => [vector.id, vector]))('%s is answered byte for byte', (id, vector) => {
    const device = deviceFor(vector);
    expect(answerPdu(device.unit, Buffer.from(vector.request, 'hex')).toString('hex')).toBe(vector.response);
    if (id === 'fc10_write_registers') expect(device.tables.holding.slice(1, 3)).toEqual(vector.decoded.registers);
    if (id === 'fc06_write_register') expect(device.tables.holding[1]).toBe(vector.decoded.value);
  });
});

describe('requests outside the specification', () => {
  const { unit } = plainDevice();
  it.each([
    ['an unknown function code', '2b0e0100', 'ab01'],
    ['126 registers', '030000007e', '8303'],
    ['no registers', '0300000000', '8303'],
    ['an address beyond the map', '0300ff0002', '8302'],
    ['a coil value that is neither on nor off', '0500010001', '8503'],
    ['a byte count that does not fit', '100001000203000a01', '9003'],
    ['a cut request', '0300', '8303'],
  ])('%s is refused', (_what, request, response) => {
    expect(answerPdu(unit, Buffer.from(request, 'hex')).toString('hex')).toBe(response);
  });
});

describe('the server against an independent client', () => {
  let server: ModbusServer | undefined;
  const client = new Client();
  afterEach(async () => {
    await new Promise<void>((resolve) => client.close(() => resolve()));
    await server?.close();
  });

  it('serves all tables and writes of modbus-serial, several units on one port', async () => {
    const [one, two] = [plainDevice(), plainDevice()];
    two.tables.holding[7] = 4711;
    one.tables.discrete[9] = 1;
    server = await openModbusServer({
      port: 0,
      units: new Map([
        [1, one.unit],
        [2, two.unit],
      ]),
    });
    await client.connectTCP('127.0.0.1', { port: server.port });
    client.setID(2);
    expect((await client.readHoldingRegisters(7, 1)).data).toEqual([4711]);
    client.setID(1);
    expect((await client.readDiscreteInputs(8, 3)).data.slice(0, 3)).toEqual([false, true, false]);
    await client.writeRegisters(3, [1, 2, 65535]);
    await client.writeCoils(0, [true, false, true]);
    await client.writeCoil(5, true);
    await client.writeRegister(20, 9);
    expect((await client.readHoldingRegisters(3, 3)).data).toEqual([1, 2, 65535]);
    expect((await client.readCoils(0, 6)).data.slice(0, 6)).toEqual([true, false, true, false, false, true]);
    // One write of three coils reaches the device as one act.
    expect(one.writes.filter(({ table }) => table === 'coil')).toHaveLength(2);
    client.setID(3);
    await expect(client.readHoldingRegisters(0, 1)).rejects.toMatchObject({ modbusCode: 11 });
  });

  it('closes a connection that does not speak Modbus', async () => {
    server = await openModbusServer({ port: 0, units: new Map([[1, plainDevice().unit]]) });
    const socket = connect(server.port, '127.0.0.1');
    let closed = false;
    socket.on('close', () => {
      closed = true;
    });
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await until(() => closed);
    expect(server.connections()).toBe(0);
    await client.connectTCP('127.0.0.1', { port: server.port });
  });

  it('names the port that is taken', async () => {
    server = await openModbusServer({ port: 0, units: new Map() });
    await expect(openModbusServer({ port: server.port, units: new Map() })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await client.connectTCP('127.0.0.1', { port: server.port });
  });
});
