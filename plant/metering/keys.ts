/** The members' signing keys. They are made once, kept in the plant's data folder for its owner only, and never leave this process. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from './atomic-file.ts';
import { type SigningKey, signingKey } from './signer.ts';

export type KeyRing = (deviceId: string) => SigningKey;

export async function openKeyRing(dir: string, deviceIds: readonly string[]): Promise<KeyRing> {
  const path = join(dir, 'member-keys.json');
  const stored: Record<string, string> = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  let added = false;
  for (const id of deviceIds) {
    if (stored[id]) continue;
    stored[id] = randomBytes(32).toString('hex');
    added = true;
  }
  if (added) await writeFileAtomic(path, `${JSON.stringify(stored, null, 1)}\n`, 0o600);
  const keys = new Map(deviceIds.map((id) => [id, signingKey(Buffer.from(stored[id] as string, 'hex'))]));
  return (id) => {
    const key = keys.get(id);
    if (!key) throw new Error(`no key was made for ${id}`);
    return key;
  };
}
