import { createServer, type Server } from 'node:http';
import { AbiCoder, id } from 'ethers';
import { afterEach, describe, expect, it } from 'vitest';
import pins from '../../circuits/pins.json' with { type: 'json' };
import { keySentences, rootOnChain } from './ledger-keys.ts';

const at = (byte: string): string => `0x${byte.repeat(20)}`;
const word = (type: string, value: unknown): string => AbiCoder.defaultAbiCoder().encode([type], [value]);
const ledger = { schema: 'ledger-contracts/1', chainId: 31337, genesisHash: '0xaa', contracts: { Settlement: at('5e') } } as const;

let node: Server | undefined;
afterEach(() => node?.close());

/** A node of a chain with a settlement of sixteen members whose verifiers hold these keys. */
const nodeWith = async (settle: string, admit: string, chainId = 31337): Promise<string> => {
  const answers: Record<string, string> = {
    'verifier()': word('address', at('51')),
    'admitVerifier()': word('address', at('52')),
    'batchMembers()': word('uint256', 16),
    'parts()': word('uint256', 1),
    'rootAfter(uint40)': word('uint256', 77n),
  };
  const answer = (method: string, [call]: [{ to: string; data: string }]): string => {
    if (method === 'eth_chainId') return `0x${chainId.toString(16)}`;
    const name = [...Object.keys(answers), 'keyHash()'].find((signature) => call.data.startsWith(id(signature).slice(0, 10)));
    return name === 'keyHash()' ? (call.to.toLowerCase() === at('51') ? settle : admit) : (answers[name ?? ''] ?? '0x');
  };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const asked = [JSON.parse(body)].flat() as { id: number; method: string; params: [{ to: string; data: string }] }[];
    const replies = asked.map(({ id: number, method, params }) => ({ jsonrpc: '2.0', id: number, result: answer(method, params) }));
    response.end(JSON.stringify(body.startsWith('[') ? replies : replies[0]));
  });
  node = server;
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
};

describe('a gateway that is commissioned', () => {
  it('says that the keys are pinned development keys, and which they are', async () => {
    const { 'settle-16': settle, 'admit-16': admit } = pins;
    const said = await keySentences(ledger, await nodeWith(settle.verifierKeyHash, admit.verifierKeyHash));
    expect(said).toEqual([
      `the ledger's key of settle-16 (${settle.verifierKeyHash}) is an insecure development key, pinned in this version: for trying only`,
      `the ledger's key of admit-16 (${admit.verifierKeyHash}) is an insecure development key, pinned in this version: for trying only`,
    ]);
  });

  it('says loudly that it does not know a key, or that anybody can forge under it', async () => {
    const { 'settle-16': settle } = pins;
    const [other, swapped] = await keySentences(ledger, await nodeWith(`0x${'77'.repeat(32)}`, settle.verifierKeyHash));
    expect(other).toMatch(/^NOT TO BE TRUSTED: the ledger's key of settle-16 \(0x7777.*this version knows no such key/);
    expect(swapped).toMatch(/^NOT TO BE TRUSTED: the ledger's key of admit-16 .*this version knows no such key/);
    node?.close();
    const abroad = await nodeWith(settle.verifierKeyHash, settle.verifierKeyHash, 4242);
    const [forgeable] = await keySentences({ ...ledger, chainId: 4242 }, abroad);
    expect(forgeable).toMatch(
      /^NOT TO BE TRUSTED: .* development key on chain 4242, which is no development chain \(31337 on loopback\): whoever reads the source can forge/,
    );
  });

  it('says that they are unknown when it has no node to ask, a silent one, or one of another chain', async () => {
    expect(await keySentences(ledger, undefined)).toEqual([expect.stringMatching(/are UNKNOWN to the gateways: they were given no node/)]);
    expect(await keySentences(ledger, 'http://127.0.0.1:9')).toEqual([expect.stringMatching(/are UNKNOWN/)]);
    const abroad = await nodeWith('0x', '0x', 5);
    expect(await keySentences(ledger, abroad)).toEqual([expect.stringMatching(/UNKNOWN.*the node serves chain 5/)]);
    expect(await keySentences({ ...ledger, contracts: {} }, undefined)).toEqual([expect.stringMatching(/no settlement/)]);
  });
});

describe('a gateway that asks which round of an interval counts', () => {
  it('hears the root that the chain has after it, and nothing without a node of that chain', async () => {
    expect(await rootOnChain(ledger, 7, await nodeWith('0x', '0x'))).toBe(77n);
    node?.close();
    expect(await rootOnChain(ledger, 7, await nodeWith('0x', '0x', 5))).toBeNull();
    expect(await rootOnChain(ledger, 7, 'http://127.0.0.1:9')).toBeNull();
    expect(await rootOnChain(ledger, 7, undefined)).toBeNull();
  });
});
