/** What a Modbus server offers behind one unit id, and the exceptions of the Modbus Application Protocol 1.1b3, §7. */

export type Table = 'holding' | 'input' | 'coil' | 'discrete';

/** One device behind a unit id. Bits are 0 or 1. Both calls are synchronous and may throw `modbusException`. */
export interface ModbusUnit {
  read(table: Table, address: number, count: number): number[];
  /** All values or none: a refused write must leave the device as it was. */
  write(table: 'holding' | 'coil', address: number, values: readonly number[]): void;
}

export const exceptionNames: Readonly<Record<number, string>> = {
  1: 'illegal function',
  2: 'illegal data address',
  3: 'illegal data value',
  4: 'server device failure',
  5: 'acknowledge (still working)',
  6: 'server device busy',
  7: 'negative acknowledge',
  8: 'memory parity error',
  10: 'gateway path unavailable',
  11: 'gateway target device failed to respond',
};

export type ModbusExceptionError = Error & { modbusErrorCode: number };

/** An error that makes a server answer with this exception code. */
export function modbusException(code: number, detail = ''): ModbusExceptionError {
  const text = `${exceptionNames[code] ?? `exception ${code}`}${detail ? `: ${detail}` : ''}`;
  return Object.assign(new Error(text), { modbusErrorCode: code });
}
