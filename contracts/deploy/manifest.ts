/** The record of a deployment: what the console reads to find the contracts. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { RoleName } from './role-table.ts';

export type DeployedContract = { readonly address: string; readonly block: number; readonly transaction: string };

export type Manifest = {
  readonly schema: 'ledger-manifest/1';
  readonly chainId: number;
  readonly genesisHash: string;
  readonly deployer: string;
  /** SHA-256 of the options it was begun with: another program, or the same one told otherwise, may not finish it. Absent in older manifests. */
  readonly begunWith?: string;
  /** Block of the first transaction: an index of events starts here. */
  blockNumber: number;
  /** False while a deployment is under way or was interrupted. */
  complete: boolean;
  contracts: Record<string, DeployedContract>;
  /** A transaction that was about to be sent: if it reached the chain, its contract is found again instead of being made twice, in a block after `block`. */
  pending: { name: string; nonce: number; address: string; block?: number } | null;
  /** Steps other than deployments that are done. */
  steps: string[];
  roles: Partial<Record<RoleName, string[]>>;
  council: { members: string[]; threshold: number; delayS: number };
};

export class DeployError extends Error {
  readonly code: 'wrong-chain' | 'bad-manifest' | 'reverted' | 'bad-options' | 'not-admin';
  readonly retry: 'never' | 'later';

  constructor(code: DeployError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'DeployError';
    this.code = code;
    this.retry = code === 'reverted' ? 'later' : 'never';
  }
}

/** The manifest at `path`, or null when there is none. Throws DeployError 'bad-manifest' when it cannot be read. */
export const readManifest = (path: string): Manifest | null => {
  if (!existsSync(path)) return null;
  try {
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
    if (manifest.schema !== 'ledger-manifest/1') throw new Error(`unknown schema ${String(manifest.schema)}`);
    return manifest;
  } catch (cause) {
    throw new DeployError(
      'bad-manifest',
      `The ledger manifest ${path} cannot be read. Restore it from a backup; do not deploy over it.`,
      cause,
    );
  }
};

/** Writes beside and renames, so that a crash leaves the old manifest or the new one, never half of one. */
export const writeManifest = (path: string, manifest: Manifest): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, `${JSON.stringify(manifest, null, 2)}\n`);
  renameSync(`${path}.new`, path);
};
