/**
 * Has a public meter sign the post of one of its readings and keeps the signed bytes; the relay of members' transactions sends them, in the
 * order of the account's numbers, always the same bytes. The console checks what was signed before it keeps it.
 */
import { randomUUID } from 'node:crypto';
import { keccak256, Transaction } from 'ethers';
import { parseAs } from '../../../drivers/mqtt/account-messages.ts';
import { PostResponse, packReading } from '../../../drivers/mqtt/public-meter-messages.ts';
import { topics } from '../../../drivers/mqtt/topics.ts';
import { Fault } from '../../shared/errors.ts';
import type { BrokerService } from '../broker/broker-service.ts';
import type { Kernel } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import { RpcError, rpcCall } from '../ledger/rpc.ts';
import { createGatewayReplies } from '../market/gateway-replies.ts';
import type { StoredReading } from '../metering/reading-store.ts';
import * as transactions from '../wallet/transaction-store.ts';
import type { PublicMeterDevice } from './account-intake.ts';

const METER_SIGNED_TOPIC = /^busbar\/meters\/([^/]+)\/signed$/;
const ANSWER_MS = 6_000;
/** A transaction's owner in the store of relayed transactions; members' ids never hold a colon. */
export const ownerOf = (deviceId: string): string => `devices:${deviceId}`;

export interface Posting {
  /** Under way, or ended but not yet in the copy of the chain. */
  busy(deviceId: string, account: string): boolean;
  /** Why what is under way does not get on; null when it does, or nothing is. */
  trouble(account: string): string | null;
  /** Throws a Fault whose sentence says why nothing was posted. */
  post(meter: PublicMeterDevice, account: string, registered: number, reading: StoredReading): Promise<void>;
  close(): void;
}

export function createPosting(
  kernel: Pick<Kernel, 'store' | 'clock'>,
  deps: {
    broker: Pick<BrokerService, 'onPublish' | 'publish'>;
    ledger: Pick<LedgerService, 'deployed' | 'endpoint' | 'indexedHeight' | 'kick'>;
  },
): Posting {
  const { store, clock } = kernel;
  const { broker, ledger } = deps;
  const replies = createGatewayReplies<PostResponse>(clock);
  const close = broker.onPublish(METER_SIGNED_TOPIC, ({ payload }) => {
    const response = parseAs(PostResponse, payload);
    if (!response) return { kind: 'discard', reason: 'not a post-response/1' };
    replies.arrived(response.requestId, response);
    return { kind: 'accept' };
  });

  return {
    close,
    busy(deviceId, account) {
      if (transactions.openOf(store.read, account).length > 0) return true;
      const [last] = transactions.newestOf(store.read, ownerOf(deviceId), 1);
      return last?.state === 'final' && (ledger.indexedHeight() ?? 0) < (last.block ?? 0);
    },
    trouble: (account) => transactions.openOf(store.read, account)[0]?.lastError ?? null,
    async post(meter, account, registered, reading) {
      const endpoint = ledger.endpoint();
      const deployed = ledger.deployed();
      if (!endpoint || !deployed) throw new Fault('chain.away', 'The chain is away; the reading waits.', { retry: 'later' });
      const { url } = endpoint;
      const body = { contract: 'SmartMeter', method: 'submitReading', args: [registered, packReading(reading).toString()] };
      const { to, data } = deployed.contracts.encode(body);
      let gas: bigint;
      try {
        gas = BigInt(await rpcCall<string>(url, 'eth_estimateGas', [{ from: account, to, data }]));
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        throw new Fault('chain.reverted', `It cannot be posted now: ${deployed.contracts.explain(body, error)}.`, { retry: 'later' });
      }
      const nonce = Number(await rpcCall<string>(url, 'eth_getTransactionCount', [account, 'latest']));
      const latest = await rpcCall<{ baseFeePerGas?: string }>(url, 'eth_getBlockByNumber', ['latest', false]);
      const tip = BigInt(await rpcCall<string>(url, 'eth_maxPriorityFeePerGas', []).catch(() => '0x3b9aca00'));
      const requestId = randomUUID();
      const transaction = {
        ...{ to, data, nonce, gasLimit: ((gas * 3n) / 2n).toString(), maxPriorityFeePerGas: tip.toString() },
        // Signed once and never raised, so it leaves room for the base fee to grow.
        maxFeePerGas: (BigInt(latest.baseFeePerGas ?? '0x0') * 4n + tip).toString(),
      };
      const message = {
        ...{ schema: 'meter-reading/1', meter: reading.meterId, interval: reading.interval, importWh: reading.importWh },
        ...{ exportWh: reading.exportWh, sequence: reading.sequence, signature: reading.signature },
      };
      const request = { schema: 'post-request/1', requestId, chainId: deployed.chainId, registered, reading: message, transaction };
      const answer = replies.wait(requestId, meter.name, ANSWER_MS);
      broker.publish(topics.meterRequest(meter.deviceId), JSON.stringify(request), { qos: 1 }).catch(() => {});
      const response = await answer;
      const { raw } = response;
      if (response.result === 'refused' || raw === undefined)
        throw new Fault('conflict', `${meter.name} will not sign it: ${response.reason ?? 'it gave no reason'}.`, { retry: 'later' });
      const signed = Transaction.from(raw);
      const asked =
        signed.from === account && signed.to?.toLowerCase() === to.toLowerCase() && signed.data === data && signed.nonce === nonce;
      if (!asked) throw new Fault('command.mismatch', `${meter.name} signed something else than was asked. Nothing was sent.`);
      store.write((db) =>
        transactions.insertTransaction(db, {
          ...{
            hash: keccak256(raw),
            act: `post:${registered}:${reading.interval}`,
            memberId: ownerOf(meter.deviceId),
            account,
            nonce,
            raw,
          },
          ...{ title: `${meter.name}: post the reading of interval ${reading.interval}`, createdMs: clock.nowMs() },
        }),
      );
      ledger.kick();
    },
  };
}
