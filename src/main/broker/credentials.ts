/**
 * Who may connect to the broker. One random secret per data folder (file mode 600); every meter's and gateway's password is derived from
 * it, so that a stolen one opens one mailbox. The simulated plant plays all devices and has one account of its own.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface BrokerCredentials {
  readonly username: string;
  readonly password: string;
}

export interface CredentialStore {
  /** Password of `plant`, `meter-<deviceId>` or `member-<memberId>`. */
  passwordOf(username: string): string;
  check(username: string | undefined, password: string | undefined): boolean;
}

/** A file only its owner can read; written whole or not at all. */
export function keepSecretFile(path: string, make: () => string): string {
  if (existsSync(path)) {
    const text = readFileSync(path, 'utf8').trim();
    if (text.length > 0) return text;
  }
  mkdirSync(dirname(path), { recursive: true });
  const text = make();
  const temporary = `${path}.new`;
  writeFileSync(temporary, `${text}\n`, { mode: 0o600 });
  renameSync(temporary, path);
  return text;
}

export function openCredentials(dataDir: string): CredentialStore {
  const secret = keepSecretFile(join(dataDir, 'broker', 'secret'), () => randomBytes(32).toString('hex'));
  const passwordOf = (username: string): string => createHmac('sha256', secret).update(`mqtt:${username}`).digest('base64url');
  return {
    passwordOf,
    check(username, password) {
      if (!username || !password) return false;
      const expected = Buffer.from(passwordOf(username));
      const given = Buffer.from(password);
      return expected.length === given.length && timingSafeEqual(expected, given);
    },
  };
}

const METER_TOPIC = /^busbar\/meters\/([^/]+)\/(reading|identity|event|account|signed)$/;
const MEMBER_OUT = /^busbar\/members\/([^/]+)\/(order|response|account|signed|sealing-key|opening-receipt|orders-receipt)$/;

/** What an account may write: a meter its own readings, a member's gateway its own orders, nobody the clock. */
export function mayPublish(username: string | undefined, topic: string, simulated: boolean): boolean {
  const meter = METER_TOPIC.exec(topic);
  if (meter) return username === `meter-${meter[1]}` || (simulated && username === 'plant');
  const member = MEMBER_OUT.exec(topic);
  if (member) return username === `member-${member[1]}` || (simulated && username === 'plant');
  return false;
}

/**
 * What an account may read: the clock, the ledger's contracts, a gateway or public meter what is asked of it, and a member's gateway what is sealed
 * for it. Never another's readings or orders.
 */
export function maySubscribe(username: string | undefined, filter: string, simulated: boolean): boolean {
  if (!username) return false;
  if (filter === 'busbar/clock' || filter === 'busbar/ledger') return true;
  const meter = /^busbar\/meters\/([^/+#]+)\/request$/.exec(filter);
  if (meter) return username === `meter-${meter[1]}` || (simulated && username === 'plant');
  const member = /^busbar\/members\/([^/+#]+)\/(request|opening|orders-notice)$/.exec(filter);
  if (member) return username === `member-${member[1]}` || (simulated && username === 'plant');
  return simulated && username === 'plant' && filter === 'busbar/members/+/request';
}
