import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openKeyRing } from './keys.ts';

it('gives a device another key for good, with which all that hold its key sign from then on', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'busbar-keys-'));
  try {
    const ring = await openKeyRing(dir, ['meter-a', 'meter-b']);
    const held = ring('meter-a');
    const [before, other, signature] = [held.publicKey, ring('meter-b').publicKey, held.sign(7n)];
    await ring.renew('meter-a');
    expect(held.publicKey).not.toEqual(before);
    expect(held.sign(7n)).not.toBe(signature);
    expect(ring('meter-b').publicKey).toEqual(other);
    const again = await openKeyRing(dir, ['meter-a', 'meter-b']);
    expect(again('meter-a').publicKey).toEqual(held.publicKey);
    await expect(ring.renew('meter-c')).rejects.toThrow(/no key was made/);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
