import { getAddress, type ParamType, toBeHex, zeroPadValue } from 'ethers';

/** The plainest value of a type: decoding must succeed, so that what is judged is the guard of a function and not its arguments. */
export const plainValue = (type: ParamType): unknown => {
  if (type.isArray()) return type.arrayLength && type.arrayLength > 0 ? Array(type.arrayLength).fill(plainValue(type.arrayChildren)) : [];
  if (type.isTuple()) return type.components.map(plainValue);
  if (type.type === 'bool') return false;
  if (type.type === 'address') return getAddress(zeroPadValue('0x01', 20));
  if (type.type === 'string') return '';
  if (type.type === 'bytes') return '0x';
  if (type.type.startsWith('bytes')) return toBeHex(0, Number(type.type.slice(5)));
  return 0n;
};
