/** A null modem for tests: a device of plain registers behind a real TCP server. */
import { type DeviceFault, type ModbusServer, openModbusServer } from './server.ts';
import { type ModbusUnit, modbusException, type Table } from './unit.ts';

export interface PlainDevice {
  readonly unit: ModbusUnit;
  readonly tables: Record<Table, number[]>;
  readonly writes: { table: Table; address: number; values: number[] }[];
}

export function plainDevice(size = 256): PlainDevice {
  const fresh = () => Array.from({ length: size }, () => 0);
  const tables: Record<Table, number[]> = { holding: fresh(), input: fresh(), coil: fresh(), discrete: fresh() };
  const writes: PlainDevice['writes'] = [];
  return {
    tables,
    writes,
    unit: {
      read(table, address, count) {
        if (address + count > size) throw modbusException(2);
        return tables[table].slice(address, address + count);
      },
      write(table, address, values) {
        if (address + values.length > size) throw modbusException(2);
        writes.push({ table, address, values: [...values] });
        values.forEach((value, i) => {
          tables[table][address + i] = value;
        });
      },
    },
  };
}

export interface FaultySetup {
  readonly server: ModbusServer;
  readonly device: PlainDevice;
  fault: DeviceFault;
}

export async function faultyDevice(port = 0): Promise<FaultySetup> {
  const device = plainDevice();
  const setup: { fault: DeviceFault } = { fault: { kind: 'none' } };
  const server = await openModbusServer({ port, units: new Map([[1, device.unit]]), fault: () => setup.fault });
  return Object.assign(setup, { server, device });
}

export async function until(condition: () => boolean, timeoutMs = 5000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
