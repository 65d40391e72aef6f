/**
 * One SunSpec point between registers and values: types, sentinels ("not implemented") and scale factors.
 * Source: SunSpec Device Information Model Specification 1.1, §4.3 table of types; checked against pysunspec2's encodings.
 */
import type { PointDefinition, PointType } from './models.ts';

/** Integers above 2^53 − 1 come as bigint, every other number as number; null is "no value", with a reason beside it. */
export type PointValue = number | bigint | string | null;

const signedBits: Partial<Record<PointType, number>> = { int16: 16, int32: 32, int64: 64, sunssf: 16 };
const unsignedBits: Partial<Record<PointType, number>> = {
  uint16: 16,
  uint32: 32,
  uint64: 64,
  enum16: 16,
  enum32: 32,
  bitfield16: 16,
  bitfield32: 32,
  bitfield64: 64,
  acc16: 16,
  acc32: 32,
  acc64: 64,
  count: 16,
};

/** The bit pattern a device shows for a point it does not implement; accumulators have none that differs from a true 0. */
function sentinel(type: PointType): bigint | undefined {
  const signed = signedBits[type];
  if (signed) return 1n << BigInt(signed - 1);
  if (type === 'pad') return 0x8000n;
  if (type.startsWith('acc')) return undefined;
  const unsigned = unsignedBits[type];
  return unsigned ? (1n << BigInt(unsigned)) - 1n : undefined;
}

function bits(registers: ArrayLike<number>, offset: number, size: number): bigint {
  let value = 0n;
  for (let i = 0; i < size; i++) value = (value << 16n) | BigInt(registers[offset + i] ?? 0);
  return value;
}

function spread(value: bigint, size: number): number[] {
  const registers: number[] = [];
  for (let i = size - 1; i >= 0; i--) registers.push(Number((value >> BigInt(16 * i)) & 0xffffn));
  return registers;
}

function bytesOf(registers: ArrayLike<number>, offset: number, size: number): Buffer {
  const bytes = Buffer.alloc(size * 2);
  for (let i = 0; i < size; i++) bytes.writeUInt16BE(registers[offset + i] ?? 0, i * 2);
  return bytes;
}

function registersOf(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16BE(i * 2));
}

const narrow = (value: bigint): number | bigint =>
  value >= -9_007_199_254_740_991n && value <= 9_007_199_254_740_991n ? Number(value) : value;

/** Raw value of a point, unscaled; null when the device says that it does not implement the point. */
export function decodeRaw(point: PointDefinition, registers: ArrayLike<number>, offset: number): PointValue {
  const { type, size } = point;
  if (type === 'string') {
    const bytes = bytesOf(registers, offset, size);
    const end = bytes.indexOf(0);
    const text = bytes.toString('utf8', 0, end < 0 ? bytes.length : end).trimEnd();
    return text === '' ? null : text;
  }
  if (type === 'float32' || type === 'float64') {
    const bytes = bytesOf(registers, offset, size);
    const value = type === 'float32' ? bytes.readFloatBE(0) : bytes.readDoubleBE(0);
    return Number.isNaN(value) ? null : value;
  }
  const value = bits(registers, offset, size);
  if (type === 'ipaddr') return value === 0n ? null : [...bytesOf(registers, offset, size)].join('.');
  if (type === 'ipv6addr')
    return value === 0n
      ? null
      : spread(value, size)
          .map((word) => word.toString(16))
          .join(':');
  if (type === 'eui48') {
    const mac = bytesOf(registers, offset, size).subarray(2);
    return mac.every((byte) => byte === 0xff) ? null : [...mac].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
  }
  if (value === sentinel(type)) return null;
  return signedBits[type] ? narrow(BigInt.asIntN(size * 16, value)) : narrow(value);
}

/** Registers of a raw value. Throws RangeError when it does not fit the type: the caller has validated the engineering value. */
export function encodeRaw(point: PointDefinition, value: PointValue): number[] {
  const { type, size, name } = point;
  if (type === 'string') {
    const bytes = Buffer.alloc(size * 2);
    const text = Buffer.from(value === null ? '' : String(value), 'utf8');
    if (text.length > bytes.length) throw new RangeError(`${name}: "${value}" is longer than ${bytes.length} bytes`);
    text.copy(bytes);
    return registersOf(bytes);
  }
  if (type === 'float32' || type === 'float64') {
    const bytes = Buffer.alloc(size * 2);
    if (type === 'float32') bytes.writeFloatBE(value === null ? Number.NaN : Number(value));
    else bytes.writeDoubleBE(value === null ? Number.NaN : Number(value));
    return registersOf(bytes);
  }
  if (type === 'ipaddr') return registersOf(value === null ? Buffer.alloc(4) : Buffer.from(String(value).split('.').map(Number)));
  if (type === 'ipv6addr') return value === null ? new Array<number>(8).fill(0) : expandIpv6(String(value));
  if (type === 'eui48') {
    const mac =
      value === null
        ? Buffer.alloc(6, 0xff)
        : Buffer.from(
            String(value)
              .split(':')
              .map((byte) => Number.parseInt(byte, 16)),
          );
    return registersOf(Buffer.concat([Buffer.from(value === null ? [0xff, 0xff] : [0, 0]), mac]));
  }
  if (value === null) return spread(sentinel(type) ?? 0n, size);
  const integer = BigInt(value);
  const fits = signedBits[type] ? BigInt.asIntN(size * 16, integer) === integer : BigInt.asUintN(size * 16, integer) === integer;
  if (!fits || integer === signedSentinel(type)) throw new RangeError(`${name}: ${value} does not fit into ${type}`);
  return spread(BigInt.asUintN(size * 16, integer), size);
}

/** The sentinel as a value, so that a real value never reads as "not implemented"; pads and factors are exempt. */
function signedSentinel(type: PointType): bigint | undefined {
  const pattern = sentinel(type);
  if (pattern === undefined || type === 'pad') return undefined;
  const signed = signedBits[type];
  return signed ? BigInt.asIntN(signed, pattern) : pattern;
}

function expandIpv6(text: string): number[] {
  const [head = '', tail] = text.split('::');
  const words = (part: string) => (part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16)));
  if (tail === undefined) return words(head);
  const left = words(head);
  const right = words(tail);
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

/** raw × 10^scaleFactor, correctly rounded (dividing by a power of ten keeps 124 × 10^-1 at 12.4). */
export function scale(raw: number | bigint, scaleFactor: number): number | bigint {
  if (scaleFactor === 0) return raw;
  if (scaleFactor < 0) return Number(raw) / 10 ** -scaleFactor;
  return typeof raw === 'bigint' ? raw * 10n ** BigInt(scaleFactor) : raw * 10 ** scaleFactor;
}

/** The raw integer nearest to an engineering value. */
export function unscale(value: number | bigint, scaleFactor: number): number | bigint {
  if (typeof value === 'bigint') return scaleFactor < 0 ? value * 10n ** BigInt(-scaleFactor) : value / 10n ** BigInt(scaleFactor);
  return Math.round(scaleFactor < 0 ? value * 10 ** -scaleFactor : value / 10 ** scaleFactor);
}
