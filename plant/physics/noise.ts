/**
 * Repeatable noise: a value is a pure function of (seed, channel, time), so that a plant that was restarted, or asked twice,
 * sees the same weather. No state, no drift.
 */

/** 32-bit avalanche hash (public-domain finaliser of MurmurHash3). */
export function hash32(...parts: number[]): number {
  let h = 0x9e3779b9;
  for (const part of parts) {
    h ^= part | 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
  }
  return h >>> 0;
}

/** Uniform in [0, 1) for an integer point of a channel. */
export function uniformAt(seed: number, channel: number, index: number): number {
  return hash32(seed, channel, index, Math.floor(index / 4294967296)) / 4294967296;
}

/** Smooth noise in [-1, 1] with the given correlation time; `timeS` may be any finite time. */
export function smoothNoise(seed: number, channel: number, timeS: number, periodS: number): number {
  const x = timeS / periodS;
  const i = Math.floor(x);
  const t = x - i;
  const a = uniformAt(seed, channel, i);
  const b = uniformAt(seed, channel, i + 1);
  const s = t * t * (3 - 2 * t);
  return (a + (b - a) * s) * 2 - 1;
}

/** A stable channel number for a name. */
export function channelOf(name: string): number {
  let h = 0;
  for (let i = 0; i < name.length; i++) h = hash32(h, name.charCodeAt(i));
  return h;
}

/** A sequential generator for one-off draws (delays); seeded, so runs repeat. */
export function createRandom(seed: number): () => number {
  let n = 0;
  return () => hash32(seed, 0x5eed, n++) / 4294967296;
}
