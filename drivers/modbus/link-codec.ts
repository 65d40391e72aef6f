/** One request through modbus-serial's client, its reply checked in full: echo, length and exception code. */
import type { Socket } from 'node:net';
import { type Failure, limits, type ReadRequest, type WriteRequest } from './requests.ts';
import { exceptionNames } from './unit.ts';

type Callback<T> = (error: (Error & { modbusCode?: number }) | null, result: T) => void;
type ReadResult = { data: (number | boolean)[] };

/** The part of modbus-serial's client that the link uses; the callback API takes the unit with each request. */
export interface ModbusClient {
  on(event: 'error', listener: (error: unknown) => void): unknown;
  linkTCP(socket: Socket, options: { port: number }, next: () => void): void;
  writeFC1(unit: number, address: number, count: number, next: Callback<ReadResult>): void;
  writeFC2(unit: number, address: number, count: number, next: Callback<ReadResult>): void;
  writeFC3(unit: number, address: number, count: number, next: Callback<ReadResult>): void;
  writeFC4(unit: number, address: number, count: number, next: Callback<ReadResult>): void;
  writeFC5(unit: number, address: number, state: boolean, next: Callback<{ address: number; state: boolean }>): void;
  writeFC6(unit: number, address: number, value: number, next: Callback<{ address: number; value: number }>): void;
  writeFC15(unit: number, address: number, states: boolean[], next: Callback<{ address: number; length: number }>): void;
  writeFC16(unit: number, address: number, values: number[], next: Callback<{ address: number; length: number }>): void;
}

export type Reply =
  | { readonly kind: 'ok'; readonly values: number[] }
  | Extract<Failure, { kind: 'exception' }>
  | Extract<Failure, { kind: 'malformed' }>
  /** The socket closed before the request was written. */
  | { readonly kind: 'not-open' };

/** A request no device could answer is a fault of the caller: throws RangeError. */
export function assertRequest(request: ReadRequest | WriteRequest): void {
  const writing = 'values' in request;
  const bits = request.table === 'coil' || request.table === 'discrete';
  const count = writing ? request.values.length : request.count;
  const most = writing ? (bits ? limits.writeBits : limits.writeRegisters) : bits ? limits.readBits : limits.readRegisters;
  const whole = [request.unit, request.address, count].every((value) => Number.isInteger(value) && value >= 0);
  if (!whole || request.unit > 255 || count < 1 || count > most || request.address + count > 0x10000) {
    throw new RangeError(
      `not a Modbus request: unit ${request.unit}, ${request.table} ${request.address}, ${count} values (at most ${most})`,
    );
  }
}

/** Sends `request`; `done` gets the checked reply, if one ever comes. */
export function issue(client: ModbusClient, request: ReadRequest | WriteRequest, done: (reply: Reply) => void): void {
  const { unit, address } = request;
  const answer =
    <T>(check: (result: T) => Reply): Callback<T> =>
    (error, result) =>
      done(error ? refusal(error) : check(result));
  if ('values' in request) {
    issueWrite(client, request, answer);
    return;
  }
  const bits = request.table === 'coil' || request.table === 'discrete';
  const next = answer<ReadResult>(({ data }) => {
    // Bits come in whole bytes; registers must be exactly as many as were asked for.
    if (bits ? data.length !== Math.ceil(request.count / 8) * 8 : data.length !== request.count) {
      return malformed(`${data.length} values came for ${request.count} asked`);
    }
    return { kind: 'ok', values: data.slice(0, request.count).map(Number) };
  });
  if (request.table === 'coil') client.writeFC1(unit, address, request.count, next);
  else if (request.table === 'discrete') client.writeFC2(unit, address, request.count, next);
  else if (request.table === 'holding') client.writeFC3(unit, address, request.count, next);
  else client.writeFC4(unit, address, request.count, next);
}

function issueWrite(client: ModbusClient, request: WriteRequest, answer: <T>(check: (result: T) => Reply) => Callback<T>): void {
  const { unit, address, values, table } = request;
  const first = values[0] as number;
  const echo = (seen: number | boolean, sent: number, at: number): Reply =>
    at === address && Number(seen) === sent ? { kind: 'ok', values: [] } : malformed('the reply to the write does not repeat it');
  if (values.length === 1 && table === 'coil') {
    client.writeFC5(
      unit,
      address,
      first === 1,
      answer((result: { address: number; state: boolean }) => echo(result.state, first, result.address)),
    );
  } else if (values.length === 1) {
    client.writeFC6(
      unit,
      address,
      first,
      answer((result: { address: number; value: number }) => echo(result.value, first, result.address)),
    );
  } else {
    const next = answer((result: { address: number; length: number }) => echo(result.length, values.length, result.address));
    if (table === 'coil')
      client.writeFC15(
        unit,
        address,
        values.map((value) => value === 1),
        next,
      );
    else client.writeFC16(unit, address, [...values], next);
  }
}

function refusal(error: Error & { modbusCode?: number }): Reply {
  const code = error.modbusCode;
  if (error.name === 'PortNotOpenError') return { kind: 'not-open' };
  if (code === undefined) return malformed(error.message);
  // Acknowledge, busy and the two gateway codes pass; the others say that the request itself is wrong.
  const later = code === 5 || code === 6 || code === 10 || code === 11;
  return { kind: 'exception', code, message: exceptionNames[code] ?? `exception ${code}`, retry: later ? 'later' : 'never', sent: true };
}

function malformed(detail: string): Reply {
  return { kind: 'malformed', detail, sent: true };
}
