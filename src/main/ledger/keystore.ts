/**
 * The operator's own account key, encrypted at rest: scrypt (N = 2^16, r = 8, p = 1) and AES-256-GCM. On the simulated plant the
 * passphrase lies beside it in a file of mode 600 and the key is marked as a development key; on a real plant the passphrase comes
 * from the environment variable BUSBAR_KEYSTORE_PASSPHRASE and is kept nowhere.
 */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { computeAddress, hexlify } from 'ethers';
import { z } from 'zod';
import { Fault } from '../../shared/errors.ts';
import { keepSecretFile } from '../broker/credentials.ts';

const KeystoreFile = z.strictObject({
  schema: z.literal('keystore/1'),
  address: z.string(),
  development: z.boolean(),
  kdf: z.strictObject({ name: z.literal('scrypt'), n: z.number().int(), r: z.number().int(), p: z.number().int(), salt: z.string() }),
  cipher: z.strictObject({ name: z.literal('aes-256-gcm'), iv: z.string(), tag: z.string(), text: z.string() }),
});

export interface OperatorKey {
  readonly address: string;
  readonly privateKey: string;
  readonly development: boolean;
}

const SHORTEST_PASSPHRASE = 12;
const KDF = { n: 2 ** 16, r: 8, p: 1 };
const derive = (passphrase: string, salt: Buffer, kdf: { n: number; r: number; p: number }): Buffer =>
  scryptSync(passphrase.normalize('NFKC'), salt, 32, { N: kdf.n, r: kdf.r, p: kdf.p, maxmem: 256 * 1024 * 1024 });

export function openKeystore(options: { dataDir: string; simulated: boolean; passphrase?: string }): OperatorKey {
  const file = join(options.dataDir, 'keys', 'operator.json');
  const passphrase =
    options.passphrase ??
    (options.simulated
      ? keepSecretFile(join(options.dataDir, 'keys', 'development-passphrase'), () => randomBytes(24).toString('base64url'))
      : undefined);
  if (!passphrase) {
    throw new Fault(
      'input.invalid',
      existsSync(file)
        ? 'The operator’s key is locked. Set BUSBAR_KEYSTORE_PASSPHRASE to its passphrase and start again.'
        : 'This is a real plant and needs a key of its own for the chain. Choose a passphrase of at least 12 characters, keep it safe, set BUSBAR_KEYSTORE_PASSPHRASE to it and start again: the key is made then. Without the passphrase nobody can open it later.',
    );
  }
  if (existsSync(file)) return unlock(file, passphrase);
  if (!options.simulated && passphrase.length < SHORTEST_PASSPHRASE) {
    throw new Fault(
      'input.invalid',
      `The passphrase in BUSBAR_KEYSTORE_PASSPHRASE is too short for a new key: use at least ${SHORTEST_PASSPHRASE} characters and start again.`,
    );
  }
  return make(file, passphrase, options.simulated);
}

function make(file: string, passphrase: string, development: boolean): OperatorKey {
  const secret = randomBytes(32);
  const privateKey = hexlify(secret);
  const address = computeAddress(privateKey);
  const salt = randomBytes(16);
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', derive(passphrase, salt, KDF), iv);
  cipher.setAAD(Buffer.from(address));
  const text = Buffer.concat([cipher.update(secret), cipher.final()]);
  const content: z.infer<typeof KeystoreFile> = {
    schema: 'keystore/1',
    address,
    development,
    kdf: { name: 'scrypt', ...KDF, salt: salt.toString('hex') },
    cipher: { name: 'aes-256-gcm', iv: iv.toString('hex'), tag: cipher.getAuthTag().toString('hex'), text: text.toString('hex') },
  };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return { address, privateKey, development };
}

function unlock(file: string, passphrase: string): OperatorKey {
  const parsed = KeystoreFile.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success)
    throw new Fault(
      'storage.corrupt',
      `${file} is not a keystore this console can read. Restore it from a backup; without it the operator’s account is lost.`,
    );
  const { address, development, kdf, cipher } = parsed.data;
  try {
    const decipher = createDecipheriv('aes-256-gcm', derive(passphrase, Buffer.from(kdf.salt, 'hex'), kdf), Buffer.from(cipher.iv, 'hex'));
    decipher.setAAD(Buffer.from(address));
    decipher.setAuthTag(Buffer.from(cipher.tag, 'hex'));
    const secret = Buffer.concat([decipher.update(Buffer.from(cipher.text, 'hex')), decipher.final()]);
    return { address, privateKey: hexlify(secret), development };
  } catch (cause) {
    throw new Fault(
      'input.invalid',
      `The passphrase does not open ${file}. Set BUSBAR_KEYSTORE_PASSPHRASE to the right one and start again.`,
      { cause },
    );
  }
}
