/**
 * The passphrase of the operator's key on a real plant. Whoever sets BUSBAR_KEYSTORE_PASSPHRASE keeps it himself; otherwise it is made once and
 * kept by the system's own key store (Keychain, DPAPI, libsecret), so that an installed console starts by a double click.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { safeStorage } from 'electron';

const BACKENDS_WITHOUT_SECRET = new Set(['basic_text', 'unknown']);

/** Empty where the engine shall look at the environment itself, or say that it needs a passphrase. */
export function keystorePassphrase(dataDir: string): { passphrase?: string } {
  if (process.env.BUSBAR_KEYSTORE_PASSPHRASE) return {};
  if (!safeStorage.isEncryptionAvailable()) return {};
  if (process.platform === 'linux' && BACKENDS_WITHOUT_SECRET.has(safeStorage.getSelectedStorageBackend())) return {};
  const file = join(dataDir, 'operator-passphrase.safe');
  if (existsSync(file)) return { passphrase: safeStorage.decryptString(readFileSync(file)) };
  // A key that was made under another passphrase is not ours to guess at.
  if (existsSync(join(dataDir, 'keys', 'operator.json'))) return {};
  const passphrase = randomBytes(32).toString('base64url');
  writeFileSync(file, safeStorage.encryptString(passphrase), { mode: 0o600 });
  return { passphrase };
}
