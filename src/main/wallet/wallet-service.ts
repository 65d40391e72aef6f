/**
 * Members' and the community's accounts on the chain: what they hold and what is under way, and acts. Whoever owns an account signs: the
 * operator's keystore for the community's own, the member's gateway for a member's, which the console can only ask.
 */
import { randomUUID } from 'node:crypto';
import { keccak256, Transaction } from 'ethers';
import { AccountResponse, type LedgerContracts, parseAs } from '../../../drivers/mqtt/account-messages.ts';
import { topics } from '../../../drivers/mqtt/topics.ts';
import type { Point } from '../../domain/settlement/babyjubjub.ts';
import { callsOf, resolveArgs, type WalletAct, type WalletCall } from '../../domain/wallet/acts.ts';
import { isMoneyAct } from '../../domain/wallet/money-acts.ts';
import { spendOf } from '../../domain/wallet/spend.ts';
import type { Wallet, WalletCheck, WalletTransaction } from '../../shared/contract/wallet.ts';
import { Fault } from '../../shared/errors.ts';
import type { BrokerService } from '../broker/broker-service.ts';
import type { Kernel, Service } from '../kernel/ports.ts';
import { DEVELOPMENT_CHAIN_ID } from '../ledger/chain-node.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { CallArgument } from '../ledger/outbox-store.ts';
import { rpcCall } from '../ledger/rpc.ts';
import type { Community, CommunityMember } from '../market/community.ts';
import { createGatewayReplies } from '../market/gateway-replies.ts';
import { ACCOUNT_TOPIC, createAccountIntake } from './member-accounts.ts';
import { createMemberSeats } from './member-seats.ts';
import { createRelay } from './relay.ts';
import { reserveNow } from './reserve.ts';
import { moneyRefusal } from './settlement-rules.ts';
import { tryCalls } from './simulate.ts';
import * as rows from './transaction-store.ts';
import { createWalletView } from './wallet-view.ts';

type Done = { signed: boolean; message: string; transactions: WalletTransaction[] };

export interface WalletDeps {
  readonly community: Community;
  readonly broker: Pick<BrokerService, 'onPublish' | 'publish'>;
  readonly metering: {
    keyOf(meterId: number): { publicKey: Point; registration: string | null } | undefined;
    onKey(listener: (key: { meterId: number }) => void): () => void;
  };
  readonly ledger: Pick<
    LedgerService,
    | 'operatorAddress'
    | 'deployed'
    | 'manifest'
    | 'endpoint'
    | 'view'
    | 'enqueue'
    | 'entry'
    | 'kick'
    | 'onChange'
    | 'attachRelay'
    | 'indexedHeight'
    | 'state'
  >;
}
export interface WalletService extends Service {
  get(memberId: string): Wallet;
  check(memberId: string, act: WalletAct): Promise<WalletCheck>;
  act(memberId: string, act: WalletAct): Promise<Done>;
}

const SIGNED_TOPIC = /^busbar\/members\/([^/]+)\/signed$/;
const GATEWAY_MS = 6_000;
/** How often it is looked for accounts that the contract does not know yet. */
const SEATS_MS = 1_000;
const FUEL_WEI = 10n ** 18n;

export function createWalletService(kernel: Kernel, deps: WalletDeps): WalletService {
  const { store, clock, plant } = kernel;
  const { community, ledger, broker } = deps;
  const { get, need, addressOf, noteOf, operatorTransactions, transactionsOf } = createWalletView(kernel, deps);
  const intake = createAccountIntake(kernel, { community, keyOf: deps.metering.keyOf });
  const replies = createGatewayReplies<AccountResponse>(clock);
  /** One act per account at a time, so that no number is given twice. */
  const busy = new Map<string, Promise<unknown>>();
  let told: string | null = null;
  const off: (() => void)[] = [];

  off.push(
    broker.onPublish(ACCOUNT_TOPIC, intake.take),
    broker.onPublish(SIGNED_TOPIC, ({ payload }) => {
      const response = parseAs(AccountResponse, payload);
      if (!response) return { kind: 'discard', reason: 'not an account-response/1' };
      replies.arrived(response.requestId, response);
      return { kind: 'accept' };
    }),
    deps.metering.onKey((key) => intake.keyHeard(key.meterId)),
  );
  ledger.attachRelay(createRelay(kernel, { confirmations: () => ledger.endpoint()?.confirmations ?? 1, fuel: giveFuel, why }));

  const away = (): Fault => new Fault('chain.away', 'The chain is away. Try again when the status bar says that it is in step.');

  /** The gateways sign only for contracts they know: they are told as soon as all are deployed. */
  const tell = (): void => {
    const manifest = ledger.manifest();
    if (!manifest?.complete) return;
    const message: LedgerContracts = {
      schema: 'ledger-contracts/1',
      chainId: manifest.chainId,
      genesisHash: manifest.genesisHash.toLowerCase(),
      operator: ledger.operatorAddress,
      contracts: Object.fromEntries(Object.entries(manifest.contracts).map(([name, at]) => [name, at.address])),
    };
    const text = JSON.stringify(message);
    if (text === told) return;
    told = text;
    broker.publish(topics.ledger, text, { qos: 1, retain: true }).catch((cause) => {
      told = null;
      kernel.log.warn('the gateways could not be told the contracts', { cause: String(cause) });
    });
  };
  off.push(ledger.onChange(tell));

  const seats = createMemberSeats(kernel, { community, ledger, keyOf: deps.metering.keyOf });

  async function why(t: rows.MemberTransaction, url: string): Promise<string> {
    const transaction = Transaction.from(t.raw);
    const contracts = ledger.deployed()?.contracts;
    const name = contracts?.names().find((n) => contracts.address(n).toLowerCase() === transaction.to?.toLowerCase());
    try {
      await rpcCall(url, 'eth_call', [{ from: t.account, to: transaction.to, data: transaction.data }, 'latest']);
    } catch (error) {
      if (contracts && name) return contracts.explain({ contract: name, method: '', args: [] }, error);
    }
    return 'the contract refused it when it was mined';
  }

  interface Prepared {
    readonly member: CommunityMember;
    readonly address: string;
    readonly url: string;
    readonly chainId: number;
    readonly calls: readonly WalletCall[];
    readonly encoded: readonly { to: string; data: string }[];
    readonly bodies: readonly { contract: string; method: string; args: CallArgument[] }[];
    readonly trial: Awaited<ReturnType<typeof tryCalls>>;
    readonly refusal: string | null;
  }
  const prepare = async (memberId: string, act: WalletAct): Promise<Prepared> => {
    const member = need(memberId);
    const address = addressOf(member);
    if (address === null) throw new Fault('conflict', noteOf(member, null, null) ?? 'There is no account.');
    const deployed = ledger.deployed();
    const endpoint = ledger.endpoint();
    if (!deployed || !endpoint) throw away();
    const { contracts } = deployed;
    const calls = callsOf(act);
    const objection = isMoneyAct(act) ? moneyRefusal(act, get(memberId), plant.market.currency) : null;
    const bodies = calls.map((c) => ({
      contract: c.contract,
      method: c.method,
      args: resolveArgs(c, contracts.address) as CallArgument[],
    }));
    const encoded = bodies.map((b) => contracts.encode(b));
    const prepared = { member, address, url: endpoint.url, chainId: deployed.chainId, calls, encoded, bodies };
    if (objection !== null) return { ...prepared, trial: { kind: 'ok', gas: [] }, refusal: objection };
    if (!member.operatorOwned) await fuel(endpoint, address, member);
    const trial = await tryCalls(endpoint.url, address, encoded);
    const failed = trial.kind === 'refused' ? bodies[trial.at] : undefined;
    const refusal = trial.kind === 'refused' && failed ? contracts.explain(failed, trial.error) : null;
    return { ...prepared, trial, refusal };
  };
  /** Fees of the chain: its own development node gives them away, on any other chain the account must have them. */
  const fuel = async (endpoint: { url: string; own: boolean }, address: string, member: CommunityMember): Promise<void> => {
    const balance = BigInt(await rpcCall<string>(endpoint.url, 'eth_getBalance', [address, 'latest']));
    if (balance >= FUEL_WEI / 100n) return;
    if (!endpoint.own)
      throw new Fault(
        'conflict',
        `The account of ${member.name} (${address}) cannot pay the chain’s fees. Send it some of the chain’s own currency first.`,
      );
    await giveFuel(address, endpoint.url);
  };
  async function giveFuel(account: string, url: string): Promise<boolean> {
    if (!ledger.endpoint()?.own) return false;
    await rpcCall(url, 'anvil_setBalance', [account, `0x${FUEL_WEI.toString(16)}`]);
    return true;
  }

  const check = async (memberId: string, act: WalletAct): Promise<WalletCheck> => {
    const { member, calls, refusal } = await prepare(memberId, act);
    const { money, energyWh } = spendOf(act);
    return {
      possible: refusal === null,
      message: refusal === null ? 'The contracts would do this now.' : `Not possible now: ${refusal}.`,
      signedBy: member.operatorOwned ? 'the operator’s account' : `the gateway of ${member.name}, which decides by itself`,
      steps: calls.map((c) => c.title),
      costs: { money: money.toString(), energyWh: energyWh.toString() },
    };
  };

  const byOperator = (prepared: Prepared): Done => {
    const id = randomUUID();
    store.write(() => {
      for (const [i, body] of prepared.bodies.entries())
        ledger.enqueue({
          id: `wallet:${id}:${i}`,
          kind: 'wallet',
          title: prepared.calls[i]?.title ?? '',
          body: { ...body, mayFail: true },
        });
    });
    ledger.kick();
    return {
      signed: true,
      message: 'It is in the outbox, behind what was there before.',
      transactions: transactionsOf(prepared.member, prepared.calls.length).reverse(),
    };
  };

  const ask = (memberId: string, name: string, request: object, requestId: string): Promise<AccountResponse> => {
    const answer = replies.wait(requestId, name, GATEWAY_MS);
    broker.publish(topics.request(memberId), JSON.stringify(request), { qos: 1 }).catch(() => {});
    return answer;
  };

  const byGateway = async (prepared: Prepared, act: WalletAct): Promise<Done> => {
    const { member, address, url, chainId, calls, encoded, trial } = prepared;
    if (rows.openOf(store.read, address).length > 0)
      throw new Fault('conflict', `An act of ${member.name} is still on its way to the chain. Wait until it is final, then ask again.`);
    const nonce = Number(await rpcCall<string>(url, 'eth_getTransactionCount', [address, 'latest']));
    const latest = await rpcCall<{ baseFeePerGas?: string }>(url, 'eth_getBlockByNumber', ['latest', false]);
    const tip = BigInt(await rpcCall<string>(url, 'eth_maxPriorityFeePerGas', []).catch(() => '0x3b9aca00'));
    // Signed once and never raised, so it leaves room for the base fee to grow.
    const maxFeePerGas = (BigInt(latest.baseFeePerGas ?? '0x0') * 4n + tip).toString();
    const requestId = randomUUID();
    const transactions = encoded.map((call, i) => ({
      ...call,
      nonce: nonce + i,
      gasLimit: (((trial.kind === 'ok' ? trial.gas[i] : undefined) ?? 600_000n) * 2n).toString(),
      maxFeePerGas,
      maxPriorityFeePerGas: tip.toString(),
    }));
    const request = { schema: 'account-request/1', requestId, chainId, act, transactions };
    const response = await ask(member.memberId, member.name, request, requestId);
    if (response.result === 'refused' || !response.raw)
      return {
        signed: false,
        message: `The gateway of ${member.name} will not sign: ${response.reason ?? 'it gave no reason'}.`,
        transactions: [],
      };
    const raws = response.raw;
    const odd = (raw: string, i: number): boolean => {
      const t = Transaction.from(raw);
      const asked = transactions[i];
      return t.from !== address || t.to?.toLowerCase() !== asked?.to.toLowerCase() || t.data !== asked?.data || t.nonce !== asked.nonce;
    };
    if (raws.length !== calls.length || raws.some(odd))
      throw new Fault('command.mismatch', `The gateway of ${member.name} signed something else than was asked. Nothing was sent.`);
    store.write((db) => {
      for (const [i, raw] of raws.entries())
        rows.insertTransaction(db, {
          hash: keccak256(raw),
          act: requestId,
          memberId: member.memberId,
          account: address,
          nonce: nonce + i,
          title: calls[i]?.title ?? '',
          raw,
          createdMs: clock.nowMs(),
        });
    });
    ledger.kick();
    return {
      signed: true,
      message: `The gateway of ${member.name} signed ${raws.length === 1 ? 'it' : `${raws.length} transactions`}; the console relays them in order.`,
      transactions: transactionsOf(member, raws.length).reverse(),
    };
  };

  const inTurn = <T>(account: string, work: () => Promise<T>): Promise<T> => {
    const before = busy.get(account) ?? Promise.resolve();
    const next = before.then(work, work);
    busy.set(
      account,
      next.catch(() => undefined),
    );
    return next;
  };
  const act = (memberId: string, wanted: WalletAct): Promise<Done> =>
    inTurn(memberId, async () => {
      const prepared = await prepare(memberId, wanted);
      if (prepared.refusal !== null) throw new Fault('chain.reverted', `Not possible now: ${prepared.refusal}. Nothing was signed.`);
      return prepared.member.operatorOwned ? byOperator(prepared) : byGateway(prepared, wanted);
    });

  const issueMoney = async (memberId: string, amount: string): Promise<Done> => {
    const member = need(memberId);
    const address = addressOf(member);
    const deployed = ledger.deployed();
    const endpoint = ledger.endpoint();
    if (address === null) throw new Fault('conflict', noteOf(member, null, null) ?? 'There is no account.');
    if (!deployed || !endpoint) throw away();
    if (deployed.chainId !== DEVELOPMENT_CHAIN_ID)
      throw new Fault(
        'conflict',
        'Test money is issued on a development chain only. Here money is a real token, and somebody has to pay it in.',
      );
    const body = { contract: 'CommunityMoney', method: 'mint', args: [address, amount] };
    const trial = await tryCalls(endpoint.url, ledger.operatorAddress, [deployed.contracts.encode(body)]);
    if (trial.kind === 'refused')
      throw new Fault('chain.reverted', `Not possible now: ${deployed.contracts.explain(body, trial.error)}. Nothing was signed.`);
    const id = `wallet:${randomUUID()}:0`;
    ledger.enqueue({ id, kind: 'wallet', title: `Issue test money to ${member.name}`, body: { ...body, mayFail: true } });
    ledger.kick();
    return { signed: true, message: 'It is in the outbox, behind what was there before.', transactions: operatorTransactions(1) };
  };

  return {
    name: 'wallet',
    async start() {
      tell();
      off.push(clock.setInterval(seats.queue, SEATS_MS));
    },
    async stop() {
      for (const end of off.splice(0)) end();
    },
    get,
    check,
    act,
    handlers: {
      'wallet.get': ({ member }) => get(member),
      'wallet.reserve': () => reserveNow(store.read, ledger),
      'wallet.check': ({ member, act: wanted }) => check(member, wanted),
      'wallet.act': ({ member, act: wanted }) => act(member, wanted),
      'wallet.issueMoney': ({ member, amount }) => issueMoney(member, amount),
    },
  };
}
