/**
 * The chain as the engine sees it: node, contracts, outbox and index under one roof. It connects, checks that it is the right chain, brings
 * the contracts there, finds what the chain forgot, drains the outbox and follows the events, for as long as the console runs. While the
 * chain is away everything else goes on.
 */
import { encodeBytes32String, Wallet } from 'ethers';
import type { z } from 'zod';
import type { Manifest } from '../../../contracts/deploy/manifest.ts';
import { signingDomain } from '../../../drivers/mqtt/late-commitment-messages.ts';
import type { BatchLayout } from '../../domain/settlement/limits.ts';
import type { ChainState, Progress } from '../../shared/contract/session.ts';
import { Fault } from '../../shared/errors.ts';
import type { Kernel, Service } from '../kernel/ports.ts';
import { assertKeyAllowed } from '../proof/key-policy.ts';
import type { Prover } from '../proof/prover.ts';
import type { Statement } from '../proof/types.ts';
import { type ChainIndex, createChainIndex } from './chain-index.ts';
import { type ChainNode, createChainNode, DEVELOPMENT_CHAIN_ID } from './chain-node.ts';
import { type LedgerContracts, openContracts } from './contracts.ts';
import { buildArtifacts, compareGate, deployOnce, discardUnfinished, gateFor, knownManifest } from './deployment.ts';
import { type OperatorKey, openKeystore } from './keystore.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import * as rows from './outbox-store.ts';
import { rpcCall } from './rpc.ts';

type State = z.infer<typeof ChainState>;

export interface LedgerOptions {
  /** Its verification keys go into the deployment. */
  readonly prover: Pick<Prover, 'prepare' | 'verificationKey' | 'keyOrigin' | 'circuit'>;
  /** Of the ledger's rounds; one batch of 16 members by default. */
  readonly layout?: BatchLayout;
  readonly rpcUrl?: string;
  readonly passphrase?: string;
  /** The market's time: what must be under way before a gate is not begun after it. */
  readonly plantNowMs?: () => number;
  readonly progress?: (progress: z.infer<typeof Progress>) => void;
}

export interface LedgerService extends Service {
  state(): State;
  /** Once the contracts have ever been deployed: who they are. Needs no connection. */
  deployed(): { chainId: number; contracts: LedgerContracts } | null;
  /** Runs inside the caller's transaction; the effect and its cause become durable together. */
  enqueue(entry: rows.NewEntry): void;
  entry(id: string): rows.OutboxRow | undefined;
  /** A view of a contract, all return values; throws Fault chain.away. */
  view(call: rows.ContractCall): Promise<unknown[]>;
  /** Tariffs the contract settles at, milli-cents per kWh; null until it has been asked. */
  tariffs(): { buy: number; sell: number } | null;
  /** Asks the chain for its height now; never throws. */
  probe(): Promise<void>;
  /** Something was queued: try soon. */
  kick(): void;
  onChange(listener: () => void): () => void;
  /** Members' transactions travel beside the outbox: stepped after it, and looked over again when the chain's past changed. */
  attachRelay(relay: LedgerRelay): void;
  /** Once connected: the endpoint and whether it is the console's own development node. */
  endpoint(): { url: string; own: boolean; confirmations: number } | null;
  manifest(): Manifest | null;
  /** Height the indexed copy of the events has reached; null before the first reading. */
  indexedHeight(): number | null;
  setDown(down: boolean): Promise<void>;
  readonly developmentKeys: boolean;
  readonly operatorAddress: string;
  /** The operator's signature of typed data (EIP-712) for the contract Settlement; needs no connection, but contracts that were deployed once. */
  signForSettlement(types: Parameters<Wallet['signTypedData']>[1], value: Record<string, unknown>): Promise<string>;
  facts(): {
    url: string | null;
    client: string | null;
    height: number | null;
    node: ReturnType<ChainNode['facts']>;
    waiting: number;
    gasUsed: number;
  };
}

export interface LedgerRelay {
  /** Throws Fault chain.away when the chain cannot be asked. Returns whether anything changed. */
  step(url: string): Promise<boolean>;
  recheck(url: string): Promise<boolean>;
}

const TICK_MS = 500;
const FOLLOW_MS = 1_500;
const LATE_MS = 20_000;

export function createLedgerService(kernel: Kernel, options: LedgerOptions): LedgerService {
  const { clock, store } = kernel;
  const log = kernel.log.child('ledger');
  const layout = options.layout ?? { batchMembers: 16, parts: 1 };
  const node = createChainNode(kernel, options.rpcUrl ? { rpcUrl: options.rpcUrl } : {});
  const key: OperatorKey = openKeystore({
    dataDir: kernel.dataDir,
    simulated: kernel.simulated,
    ...((options.passphrase ?? process.env.BUSBAR_KEYSTORE_PASSPHRASE)
      ? { passphrase: options.passphrase ?? process.env.BUSBAR_KEYSTORE_PASSPHRASE }
      : {}),
  });
  const wallet = new Wallet(key.privateKey);
  const listeners = new Set<() => void>();
  let running = false;
  let readyUrl: string | null = null;
  let artifactsDir: string | null = null;
  let manifest: Manifest | null = null;
  let contracts: LedgerContracts | null = null;
  let index: ChainIndex | null = null;
  let outbox: Outbox | null = null;
  let height: number | null = null;
  let client: string | null = null;
  let tariffs: { buy: number; sell: number } | null = null;
  let phase: { state: 'in-step' | 'away' | 'wrong-chain'; sinceMs: number; message: string } = {
    state: 'away',
    sinceMs: clock.nowMs(),
    message: 'The chain is being started.',
  };
  let relay: LedgerRelay | null = null;
  let lastFollowMs = Number.NEGATIVE_INFINITY;
  let nextConnectMs = 0;
  let failures = 0;
  let loop: Promise<void> = Promise.resolve();
  let wake: () => void = () => {};

  kernel.alarms.define({
    kind: 'chain.away',
    priority: 3,
    title: 'Chain away',
    cause: 'The chain’s node does not answer.',
    consequence:
      'Orders are bound by the members’ receipts instead. Rounds that more than half of the members receipt before their gate go on and are committed late; the others fail at the gate, and nobody trades in them. Settlements and certificates wait in the outbox and drain in order.',
    action: 'Check the node and the network, and that the members’ gateways answer. The outbox on the Settlement page shows what waits.',
    respondWithinS: 3600,
  });
  kernel.alarms.define({
    kind: 'chain.wrong',
    priority: 2,
    title: 'Wrong chain',
    cause: 'The endpoint serves another chain than the one this ledger was deployed on.',
    consequence: 'Nothing is sent to it. Settlement waits.',
    action: 'Connect the right node, or start with another data folder to begin a new ledger.',
    respondWithinS: 3600,
  });
  kernel.alarms.define({
    kind: 'market.tariffsDiffer',
    priority: 3,
    title: 'Tariffs differ',
    cause: 'The contract’s tariffs are not those of the plant file.',
    consequence: 'Rounds are settled at the contract’s tariffs; orders are still judged by the plant file’s.',
    action: 'Correct the plant file, or have the council change the tariffs on the chain.',
    respondWithinS: 3600,
  });
  kernel.alarms.define({
    kind: 'market.gateDiffers',
    priority: 3,
    title: 'The contract’s gate differs',
    cause: 'The contract was deployed with a later gate than the plant file’s, or with none.',
    consequence: 'The console keeps to the plant file’s earlier gate. The chain alone would not hold the operator to it.',
    action: 'Correct gateClosesBeforeEndMs in the plant file if it is wrong; else deploy a new ledger when it suits the members.',
    respondWithinS: 86_400,
  });
  kernel.alarms.define({
    kind: 'outbox.blocked',
    priority: 2,
    title: 'The chain refuses an entry of the outbox',
    cause: 'The contract would refuse the transaction.',
    consequence:
      'Everything behind it waits, because it builds on it, save commitments that still have time before their gate. No money has moved.',
    action: 'Open Settlement, read the refusal, and try the outbox again when its cause is gone.',
    respondWithinS: 1800,
  });

  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const setPhase = (state: typeof phase.state, message: string): void => {
    if (phase.state !== state) phase = { state, sinceMs: clock.nowMs(), message };
    else phase = { ...phase, message };
    const fields = { sourceName: 'Chain', page: 'settlement' };
    kernel.alarms.set('chain.away', 'chain', state === 'away' && clock.nowMs() - phase.sinceMs > LATE_MS, fields);
    kernel.alarms.set('chain.wrong', 'chain', state === 'wrong-chain', { ...fields, value: message });
  };
  const learn = (known: Manifest): void => {
    manifest = known;
    if (!artifactsDir) return;
    contracts = openContracts(known, artifactsDir);
    const chainId = known.chainId;
    outbox = createOutbox(
      kernel,
      {
        url: () => readyUrl,
        chainId: () => chainId,
        confirmations: node.external ? 3 : 1,
        ...(options.plantNowMs ? { plantNowMs: options.plantNowMs } : {}),
        encode: (call) => (contracts as LedgerContracts).encode(call),
        decode: (call, result) => (contracts as LedgerContracts).decode(call, result),
        explain: (call, error) => (contracts as LedgerContracts).explain(call, error),
      },
      wallet,
    );
    index = createChainIndex(kernel, contracts, known.blockNumber);
  };

  const keyOf = (statement: Statement) => {
    const { keyOrigin, verificationKeyHash } = options.prover.circuit(statement);
    return { verificationKey: options.prover.verificationKey(statement), keyOrigin, hash: verificationKeyHash };
  };

  const connect = async (url: string): Promise<void> => {
    const chainId = Number(await rpcCall<string>(url, 'eth_chainId', []));
    const wanted = manifest?.chainId ?? (node.external ? chainId : DEVELOPMENT_CHAIN_ID);
    if (chainId !== wanted) {
      throw new Fault(
        'chain.wrong',
        `The node at ${url} serves chain ${chainId}, but this ledger lives on chain ${wanted}. Connect the right node; nothing is sent to this one.`,
      );
    }
    assertKeyAllowed(options.prover.keyOrigin(), { chainId, rpcUrl: url });
    client = await rpcCall<string>(url, 'web3_clientVersion', []);
    if (!node.external) await rpcCall(url, 'anvil_setBalance', [wallet.address, '0xd3c21bcecceda1000000']);
    const done = await deployOnce({
      url,
      chainId,
      wallet,
      dataDir: kernel.dataDir,
      artifactsDir: artifactsDir as string,
      ownNode: !node.external,
      layout,
      gate: gateFor(kernel.plant, chainId),
      circuits: { settle: keyOf('settle'), admit: keyOf('admit') },
      dump: () => node.dump(),
      onProgress: (fraction, text) =>
        options.progress?.({ id: 'ledger', title: 'Deploying the ledger', fraction, detail: text, done: fraction >= 1 }),
    });
    if (!contracts) learn(done);
    await checkGate(url, chainId);
    readyUrl = url;
    await learnTariffs();
    await outbox?.recheck();
    await relay?.recheck(url);
    setPhase('in-step', 'The chain answers and is the right one.');
    failures = 0;
    tell();
  };

  /** The contract's gate is for good. One that is earlier than the plant file's would refuse rounds that the console takes for bound in time. */
  const checkGate = async (url: string, chainId: number): Promise<void> => {
    const known = contracts as LedgerContracts;
    const ask = async (method: string): Promise<number> => {
      const call = { contract: 'Settlement', method, args: [] };
      const { to, data } = known.encode(call);
      return Number(known.decodeAll(call, await rpcCall<string>(url, 'eth_call', [{ to, data }, 'latest']))[0]);
    };
    const compared = compareGate(kernel.plant, chainId, { intervalS: await ask('gateIntervalS'), leadS: await ask('gateLeadS') });
    if (compared.kind === 'refused') throw new Fault('chain.wrong', compared.text);
    kernel.alarms.set('market.gateDiffers', 'chain', compared.kind === 'looser', {
      sourceName: 'Gate',
      page: 'settings',
      value: compared.kind === 'looser' ? compared.text : '',
    });
  };

  /** A proof holds for the contract's tariffs only, so rounds are settled at those; a plant file that says otherwise is told. */
  const learnTariffs = async (): Promise<void> => {
    const head = await service.view({ contract: 'Settlement', method: 'head', args: [] });
    // Before its first commitment the contract has not taken them from the parameters yet.
    const parameter = async (key: string): Promise<number> =>
      Number((await service.view({ contract: 'Parameters', method: 'get', args: [encodeBytes32String(key)] }))[0]);
    tariffs =
      head[8] === true
        ? { buy: Number(head[2]), sell: Number(head[3]) }
        : { buy: await parameter('tariff.import.mcPerKWh'), sell: await parameter('tariff.export.mcPerKWh') };
    const { importTariffMilliCentsPerKwh: buy, feedInTariffMilliCentsPerKwh: sell } = kernel.plant.market;
    kernel.alarms.set('market.tariffsDiffer', 'chain', tariffs.buy !== buy || tariffs.sell !== sell, {
      sourceName: 'Tariffs',
      page: 'settings',
      value: `contract ${tariffs.buy}/${tariffs.sell}, plant file ${buy}/${sell} milli-cents per kWh`,
    });
  };

  const lose = (cause: unknown): void => {
    const was = readyUrl;
    readyUrl = null;
    const wrong = cause instanceof Fault && cause.code === 'chain.wrong';
    const message = cause instanceof Error ? cause.message : String(cause);
    setPhase(wrong ? 'wrong-chain' : 'away', message);
    failures++;
    nextConnectMs = clock.monotonicMs() + Math.min(10_000, 500 * 2 ** Math.min(failures, 5));
    if (was || failures === 1) log.warn('the chain is away', { cause: message });
    if (was) tell();
  };

  const follow = async (url: string): Promise<void> => {
    if (clock.monotonicMs() - lastFollowMs < FOLLOW_MS || !index) return;
    lastFollowMs = clock.monotonicMs();
    const seen = await index.sync(url);
    const moved = seen.height !== height;
    height = seen.height;
    if (seen.rewritten) {
      const forgotten = await outbox?.recheck();
      if ((await relay?.recheck(url)) || forgotten) tell();
    }
    if (moved) {
      node.touched();
      await learnTariffs();
    }
  };

  const firstOpen = () => rows.firstOpen(store.read, clock.nowMs(), options.plantNowMs?.() ?? 0);
  const drain = async (): Promise<void> => {
    if (!outbox) return;
    for (let turn = 0; turn < 50 && running; turn++) {
      const outcome = await outbox.step();
      kernel.alarms.set('outbox.blocked', 'outbox', outcome === 'blocked', {
        sourceName: 'Outbox',
        page: 'settlement',
        value: firstOpen()?.lastError ?? '',
      });
      if (outcome !== 'again') return;
      node.touched();
      tell();
    }
  };

  const tick = async (): Promise<void> => {
    const url = node.url();
    if (readyUrl !== null && url !== readyUrl) lose(new Fault('chain.away', 'The chain’s node has gone. What is meant for it waits.'));
    if (url === null || artifactsDir === null) return void setPhase(phase.state === 'wrong-chain' ? 'wrong-chain' : 'away', phase.message);
    try {
      if (readyUrl === null) {
        if (clock.monotonicMs() < nextConnectMs) return;
        await connect(url);
      }
      await drain();
      if (await relay?.step(url)) {
        node.touched();
        tell();
      }
      await follow(url);
    } catch (cause) {
      lose(cause);
    }
  };

  const run = async (): Promise<void> => {
    while (running && artifactsDir === null) {
      try {
        const built = await buildArtifacts((fraction, detail) =>
          options.progress?.({ id: 'contracts', title: 'Building the contracts', fraction, detail, done: fraction >= 1 }),
        );
        await options.prover.prepare();
        artifactsDir = built;
        const known = knownManifest(kernel.dataDir);
        if (known) learn(known);
      } catch (cause) {
        setPhase('away', cause instanceof Error ? cause.message : String(cause));
        await pause(10_000);
      }
    }
    while (running) {
      try {
        await tick();
      } catch (cause) {
        log.error('ledger: a turn failed', { cause: String(cause) });
      }
      await pause(TICK_MS);
    }
  };
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = clock.setTimeout(resolve, ms);
      wake = () => {
        cancel();
        resolve();
      };
    });

  const service: LedgerService = {
    name: 'ledger',
    developmentKeys: key.development,
    operatorAddress: key.address,
    async signForSettlement(types, value) {
      if (!manifest || !contracts) throw new Fault('chain.away', 'The contracts are not known yet, so nothing can be signed for them.');
      return wallet.signTypedData(signingDomain(manifest.chainId, contracts.address('Settlement')), types, value);
    },
    async start() {
      running = true;
      if (!node.external) discardUnfinished(kernel.dataDir);
      await node.start().catch((cause) => lose(cause));
      loop = run();
    },
    async stop() {
      running = false;
      wake();
      await Promise.race([loop, new Promise((resolve) => clock.setTimeout(() => resolve(null), 8_000))]);
      await node.stop();
    },
    state() {
      const waiting = rows.countOpen(store.read);
      const first = waiting > 0 ? firstOpen() : undefined;
      const late = first !== undefined && clock.nowMs() - first.createdMs > LATE_MS;
      const state = phase.state === 'in-step' && late ? 'catching-up' : phase.state;
      const message =
        state === 'catching-up' ? `${waiting} entries wait in the outbox${first?.lastError ? `: ${first.lastError}` : ''}.` : phase.message;
      return { state, chainId: manifest?.chainId ?? null, height, waiting, sinceMs: phase.sinceMs, message };
    },
    tariffs: () => tariffs,
    deployed: () => (manifest && contracts ? { chainId: manifest.chainId, contracts } : null),
    enqueue: (entry) => store.write((db) => rows.enqueue(db, entry, clock.nowMs())),
    entry: (id) => rows.byId(store.read, id),
    async view(call) {
      if (!contracts || readyUrl === null)
        throw new Fault('chain.away', 'The chain is away. Try again when the status bar says that it is in step.');
      const { to, data } = contracts.encode(call);
      return contracts.decodeAll(call, await rpcCall<string>(readyUrl, 'eth_call', [{ to, data }, 'latest']));
    },
    async probe() {
      const url = node.url();
      if (!url) return;
      await rpcCall<string>(url, 'eth_blockNumber', []).then(
        (text) => {
          height = Number(text);
        },
        (cause) => lose(cause),
      );
    },
    kick: () => wake(),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    attachRelay(attached) {
      relay = attached;
    },
    endpoint: () => (readyUrl === null ? null : { url: readyUrl, own: !node.external, confirmations: node.external ? 3 : 1 }),
    manifest: () => manifest,
    indexedHeight: () => (store.read.prepare('SELECT max(height) AS height FROM chain_block').get() as { height: number | null }).height,
    async setDown(down) {
      await node.setDown(down);
      wake();
    },
    facts: () => ({
      url: node.url(),
      client,
      height,
      node: node.facts(),
      waiting: rows.countOpen(store.read),
      gasUsed: (store.read.prepare('SELECT coalesce(sum(gas_used), 0) AS gas FROM outbox').get() as { gas: number }).gas,
    }),
    handlers: {
      'settlement.outbox': ({ limit }) => ({
        entries: rows.newest(store.read, limit).map(rows.toEntry),
        waiting: rows.countOpen(store.read),
      }),
      'settlement.retryOutbox': async () => {
        outbox?.retry();
        nextConnectMs = 0;
        wake();
        return { waiting: rows.countOpen(store.read) };
      },
    },
  };
  return service;
}
