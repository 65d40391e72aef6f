/** Where the contracts are and how they are spoken to: addresses from the deployment's manifest, interfaces from the built artefacts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Interface, isError } from 'ethers';
import type { Manifest } from '../../../contracts/deploy/manifest.ts';
import { Fault } from '../../shared/errors.ts';
import type { CallArgument, ContractCall } from './outbox-store.ts';
import { RpcError } from './rpc.ts';

export interface LedgerContracts {
  address(name: string): string;
  has(name: string): boolean;
  names(): readonly string[];
  encode(call: ContractCall): { to: string; data: string };
  /** Return values as text: numbers in decimal, booleans as true/false. */
  decode(call: ContractCall, result: string): string[];
  decodeAll(call: ContractCall, result: string): unknown[];
  explain(call: ContractCall, error: unknown): string;
  parseLog(
    address: string,
    topics: readonly string[],
    data: string,
  ): { contract: string; name: string; args: Record<string, string> } | null;
}

export function openContracts(manifest: Manifest, artifactsDir: string): LedgerContracts {
  const interfaces = new Map<string, Interface>();
  for (const file of readdirSync(artifactsDir).filter((f) => f.endsWith('.json'))) {
    const artifact = JSON.parse(readFileSync(join(artifactsDir, file), 'utf8')) as { contractName?: string; abi?: unknown[] };
    if (artifact.contractName && artifact.abi) interfaces.set(artifact.contractName, new Interface(artifact.abi as never));
  }
  const byAddress = new Map(Object.entries(manifest.contracts).map(([name, at]) => [at.address.toLowerCase(), name]));
  const interfaceOf = (name: string): Interface => {
    const found = interfaces.get(name);
    if (!found)
      throw new Fault(
        'not.found',
        `The contract ${name} is not among the built contracts in ${artifactsDir}. Build them again: npm start does.`,
      );
    return found;
  };
  const address = (name: string): string => {
    const at = manifest.contracts[name]?.address;
    if (!at) throw new Fault('not.found', `The contract ${name} is not deployed on this chain.`);
    return at;
  };
  const text = (value: unknown): string => (Array.isArray(value) ? JSON.stringify(value.map(text)) : String(value));
  return {
    address,
    has: (name) => name in manifest.contracts && interfaces.has(name),
    names: () => Object.keys(manifest.contracts),
    encode: (call) => ({
      to: address(call.contract),
      data: interfaceOf(call.contract).encodeFunctionData(call.method, call.args as CallArgument[]),
    }),
    decode: (call, result) => [...interfaceOf(call.contract).decodeFunctionResult(call.method, result)].map(text),
    decodeAll: (call, result) => [...interfaceOf(call.contract).decodeFunctionResult(call.method, result)],
    explain(call, error) {
      const data =
        error instanceof RpcError && typeof error.data === 'string' ? error.data : isError(error, 'CALL_EXCEPTION') ? error.data : null;
      if (data && data !== '0x') {
        // The error may come from a contract that this one calls.
        for (const candidate of [interfaces.get(call.contract), ...interfaces.values()]) {
          const parsed = candidate?.parseError(data);
          if (parsed) return `the contract refused it: ${parsed.name}(${parsed.args.map(text).join(', ')})`;
        }
      }
      return `the chain refused it: ${error instanceof Error ? error.message.slice(0, 200) : String(error)}`;
    },
    parseLog(at, topics, data) {
      const contract = byAddress.get(at.toLowerCase());
      const parsed = contract ? interfaces.get(contract)?.parseLog({ topics: [...topics], data }) : null;
      if (!contract || !parsed) return null;
      return {
        contract,
        name: parsed.name,
        args: Object.fromEntries(parsed.fragment.inputs.map((input, i) => [input.name || String(i), text(parsed.args[i])])),
      };
    },
  };
}
