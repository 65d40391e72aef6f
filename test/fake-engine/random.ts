/** Seeded noise, so that every run and every screenshot shows the same plant. */
export function mulberry32(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
export function hashText(text: string): number {
  let h = 2166136261;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  return h >>> 0;
}
/** Smooth noise in −1…1 that depends on name and time only; `periodMs` is about how long one swing takes. */
export function wobble(name: string, timeMs: number, periodMs: number): number {
  const phase = (hashText(name) % 6283) / 1000;
  const t = timeMs / periodMs;
  return (Math.sin(t * 6.283 + phase) + 0.6 * Math.sin(t * 14.1 + phase * 2.3) + 0.4 * Math.sin(t * 33.7 + phase * 3.7)) / 2;
}
export function hex(name: string, bytes: number): string {
  const random = mulberry32(hashText(name));
  return Array.from({ length: bytes }, () =>
    Math.floor(random() * 256)
      .toString(16)
      .padStart(2, '0'),
  ).join('');
}
