/**
 * The public meters' own accounts on the chain. A meter signs the post of a reading only when the reading carries its own signature and the
 * call says exactly that reading, to the contract it was commissioned with. What it signed is on disk before it leaves.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Interface, Transaction, Wallet } from 'ethers';
import type { LedgerContracts } from '../../drivers/mqtt/account-messages.ts';
import { parseMeterReading } from '../../drivers/mqtt/messages.ts';
import { type MeterAccount, type PostRequest, type PostResponse, packReading } from '../../drivers/mqtt/public-meter-messages.ts';
import { readingHash } from '../../drivers/mqtt/signing.ts';
import { unpackSignature, verifySignature } from '../../src/domain/settlement/babyjubjub.ts';
import { accountMessage } from '../../src/domain/wallet/account-message.ts';
import { writeFileAtomic } from './atomic-file.ts';
import type { SigningKey } from './signer.ts';

export interface PublicMeter {
  readonly deviceId: string;
  readonly meterId: number;
  readonly key: SigningKey;
}
export interface MeterAccounts {
  readonly announcements: ReadonlyMap<string, MeterAccount>;
  /** The registry a meter trusts is the first it hears of; another is refused until the file is removed by hand. */
  commission(ledger: LedgerContracts): Promise<{ kind: 'known' | 'taken' } | { kind: 'refused'; reason: string }>;
  answer(deviceId: string, request: PostRequest): Promise<PostResponse>;
}

interface Stored {
  ledger: { chainId: number; genesisHash: string; registry: string } | null;
  /** `signed`: by nonce, the call that was signed. */
  meters: Record<string, { privateKey: string; signed: Record<string, string> }>;
}

const REGISTRY = new Interface(['function submitReading(uint256 deviceId, uint256 reading)']);
const MOST_FEE_WEI = 10n ** 17n;
const REMEMBERED = 256;

export async function openMeterAccounts(options: { dir: string; meters: readonly PublicMeter[] }): Promise<MeterAccounts> {
  const path = join(options.dir, 'meter-accounts.json');
  const stored: Stored = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { ledger: null, meters: {} };
  let writing: Promise<void> = Promise.resolve();
  const save = (): Promise<void> => {
    writing = writing.catch(() => {}).then(() => writeFileAtomic(path, `${JSON.stringify(stored, null, 1)}\n`, 0o600));
    return writing;
  };
  const unknown = options.meters.filter((m) => !stored.meters[m.deviceId]);
  for (const { deviceId } of unknown) stored.meters[deviceId] = { privateKey: Wallet.createRandom().privateKey, signed: {} };
  if (unknown.length > 0) await save();
  const meters = new Map(options.meters.map((m) => [m.deviceId, m]));
  const entryOf = (deviceId: string) => stored.meters[deviceId] as Stored['meters'][string];
  const wallets = new Map(options.meters.map((m) => [m.deviceId, new Wallet(entryOf(m.deviceId).privateKey)]));

  const judge = (meter: PublicMeter, request: PostRequest): { transaction: Transaction } | { reason: string } => {
    const { ledger } = stored;
    const { transaction: asked } = request;
    if (!ledger) return { reason: 'this meter has not been told the ledger’s contracts yet' };
    if (request.chainId !== ledger.chainId) return { reason: `it is for chain ${request.chainId}; this meter’s is ${ledger.chainId}` };
    const parsed = parseMeterReading(JSON.stringify(request.reading));
    if (parsed.kind === 'invalid') return { reason: `that is not a reading: ${parsed.reason}` };
    const reading = parsed.message;
    const signature = unpackSignature(Buffer.from(reading.signature, 'hex'));
    if (reading.meter !== meter.meterId || !signature || !verifySignature(readingHash(reading), signature, meter.key.publicKey))
      return { reason: 'this meter did not sign that reading' };
    if (asked.to.toLowerCase() !== ledger.registry) return { reason: `${asked.to} is not the registry this meter was commissioned with` };
    const data = REGISTRY.encodeFunctionData('submitReading', [request.registered, packReading(reading)]);
    if (asked.data !== data) return { reason: 'the call does not say that reading' };
    if (BigInt(asked.gasLimit) * BigInt(asked.maxFeePerGas) > MOST_FEE_WEI) return { reason: 'the chain’s fee is too high' };
    const before = entryOf(meter.deviceId).signed[asked.nonce];
    if (before !== undefined && before !== data)
      return { reason: `number ${asked.nonce} of this account was signed for another reading already` };
    return {
      transaction: Transaction.from({
        type: 2,
        chainId: ledger.chainId,
        to: asked.to,
        data,
        nonce: asked.nonce,
        gasLimit: BigInt(asked.gasLimit),
        maxFeePerGas: BigInt(asked.maxFeePerGas),
        maxPriorityFeePerGas: BigInt(asked.maxPriorityFeePerGas),
      }),
    };
  };

  return {
    announcements: new Map(
      options.meters.map(({ deviceId, meterId, key }) => {
        const { address } = wallets.get(deviceId) as Wallet;
        const signature = key.sign(accountMessage(meterId, address));
        return [deviceId, { schema: 'meter-account/1', meter: meterId, address, signature } as const];
      }),
    ),
    async commission({ chainId, genesisHash, contracts }) {
      const registry = contracts.SmartMeter?.toLowerCase();
      if (!registry) return { kind: 'refused', reason: 'the console names no registry of meters; public meters post nothing' };
      const known = stored.ledger;
      if (known) {
        const same = known.chainId === chainId && known.genesisHash === genesisHash && known.registry === registry;
        return same
          ? { kind: 'known' }
          : {
              kind: 'refused',
              reason: `the console names another registry than the public meters were commissioned with; they post nothing to it. If the ledger was replaced on purpose, set "ledger" to null in ${path} and start the plant again`,
            };
      }
      stored.ledger = { chainId, genesisHash, registry };
      await save();
      return { kind: 'taken' };
    },
    async answer(deviceId, request) {
      const base = { schema: 'post-response/1', requestId: request.requestId } as const;
      const meter = meters.get(deviceId);
      const wallet = wallets.get(deviceId);
      if (!meter || !wallet) return { ...base, result: 'refused', reason: 'this meter holds no account' };
      const judged = judge(meter, request);
      if ('reason' in judged) return { ...base, result: 'refused', reason: judged.reason };
      const { transaction } = judged;
      const { signed } = entryOf(deviceId);
      signed[transaction.nonce] = transaction.data;
      // Only what may still be replaced has to be remembered.
      for (const nonce of Object.keys(signed)) if (Number(nonce) < transaction.nonce - REMEMBERED) delete signed[nonce];
      await save();
      return { ...base, result: 'signed', raw: await wallet.signTransaction(transaction) };
    },
  };
}
