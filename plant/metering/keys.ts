/** The members' signing keys. They are made once, kept in the plant's data folder for its owner only, and never leave this process. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from './atomic-file.ts';
import { type SigningKey, signingKey } from './signer.ts';

export interface KeyRing {
  /** Signs with the device's present key, whichever that is then. */
  (deviceId: string): SigningKey;
  /** Gives a device another key, kept before it is used. */
  renew(deviceId: string): Promise<void>;
}

export async function openKeyRing(dir: string, deviceIds: readonly string[]): Promise<KeyRing> {
  const path = join(dir, 'member-keys.json');
  const stored: Record<string, string> = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  const save = () => writeFileAtomic(path, `${JSON.stringify(stored, null, 1)}\n`, 0o600);
  const fresh = (): string => randomBytes(32).toString('hex');
  const keyOf = (id: string): SigningKey => signingKey(Buffer.from(stored[id] as string, 'hex'));
  let added = false;
  for (const id of deviceIds) {
    if (stored[id]) continue;
    stored[id] = fresh();
    added = true;
  }
  if (added) await save();
  const present = new Map(deviceIds.map((id) => [id, keyOf(id)]));
  const find = (id: string): SigningKey => {
    const key = present.get(id);
    if (!key) throw new Error(`no key was made for ${id}`);
    return key;
  };
  const ring = (id: string): SigningKey => {
    find(id);
    return {
      get publicKey() {
        return find(id).publicKey;
      },
      sign: (message) => find(id).sign(message),
    };
  };
  return Object.assign(ring, {
    async renew(id: string) {
      find(id);
      stored[id] = fresh();
      await save();
      present.set(id, keyOf(id));
    },
  });
}
