/**
 * A letter that only its receiver can open: X25519 with a key made for this one letter, HKDF-SHA256, AES-256-GCM. What the letter is about
 * is bound to it as associated data, so that it cannot be shown to somebody else, for another interval or for another ledger.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

/** Raw X25519 keys, 32 bytes each in lower-case hex. */
export interface SealingKeyPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

export interface Sealed {
  /** The sender's key of this one letter. */
  readonly ephemeralKey: string;
  readonly nonce: string;
  /** Ciphertext and, behind it, the 16 bytes of the tag; base64. */
  readonly text: string;
}

const INFO = 'busbar/sealed/1';
const TAG_BYTES = 16;

export function newSealingKey(): SealingKeyPair {
  const { x, d } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' });
  return { publicKey: hexOf(x), privateKey: hexOf(d) };
}

/** Throws when the receiver's key is no usable point. */
export function seal(content: string, receiverKey: string, about: string): Sealed {
  const own = newSealingKey();
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', sharedKey(own, receiverKey, own.publicKey, receiverKey), nonce);
  cipher.setAAD(Buffer.from(about));
  const text = Buffer.concat([cipher.update(content, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return { ephemeralKey: own.publicKey, nonce: nonce.toString('hex'), text: text.toString('base64') };
}

/** The content, or null when it was sealed for another key, is about something else, or was changed on its way. */
export function unseal(sealed: Sealed, key: SealingKeyPair, about: string): string | null {
  try {
    const bytes = Buffer.from(sealed.text, 'base64');
    const secret = sharedKey(key, sealed.ephemeralKey, sealed.ephemeralKey, key.publicKey);
    const decipher = createDecipheriv('aes-256-gcm', secret, Buffer.from(sealed.nonce, 'hex'), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(about));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}

function sharedKey(own: SealingKeyPair, other: string, sender: string, receiver: string): Buffer {
  const secret = diffieHellman({ privateKey: privateOf(own), publicKey: publicOf(other) });
  return Buffer.from(hkdfSync('sha256', secret, Buffer.from(sender + receiver, 'hex'), INFO, 32));
}
const publicOf = (hex: string): KeyObject => createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: base64UrlOf(hex) }, format: 'jwk' });
const privateOf = (key: SealingKeyPair): KeyObject =>
  createPrivateKey({ key: { kty: 'OKP', crv: 'X25519', x: base64UrlOf(key.publicKey), d: base64UrlOf(key.privateKey) }, format: 'jwk' });
const base64UrlOf = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url');
const hexOf = (base64Url: string | undefined): string => Buffer.from(base64Url ?? '', 'base64url').toString('hex');
