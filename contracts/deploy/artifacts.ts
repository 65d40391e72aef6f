/** Compiled contracts as `contracts/build.ts` leaves them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InterfaceAbi } from 'ethers';

export type Place = { readonly start: number; readonly length: number };
type LinkReferences = Readonly<Record<string, Readonly<Record<string, readonly Place[]>>>>;

export type Artifact = {
  readonly contractName: string;
  readonly sourceName: string;
  readonly abi: InterfaceAbi;
  readonly bytecode: string;
  readonly deployedBytecode: string;
  readonly linkReferences: LinkReferences;
  /** Where libraries stand in `deployedBytecode`. */
  readonly deployedLinkReferences: LinkReferences;
  /** Where each immutable stands in `deployedBytecode`, 32 bytes each, by its name in the source; inherited ones too. */
  readonly immutables: Readonly<Record<string, readonly Place[]>>;
};

export type Artifacts = {
  has(name: string): boolean;
  get(name: string): Artifact;
  names(): string[];
};

/** Reads artifacts on demand. Throws when the directory or an artifact is missing: then the build has not been run. */
export const loadArtifacts = (dir: string): Artifacts => {
  if (!existsSync(dir)) throw new Error(`There are no compiled contracts at ${dir}. Build them first: node contracts/build.ts`);
  const cache = new Map<string, Artifact>();
  const pathOf = (name: string) => join(dir, `${name}.json`);
  return {
    has: (name) => existsSync(pathOf(name)),
    get: (name) => {
      const known = cache.get(name);
      if (known) return known;
      if (!existsSync(pathOf(name))) throw new Error(`Contract ${name} is not among the compiled ones at ${dir}. Build them again.`);
      const artifact = JSON.parse(readFileSync(pathOf(name), 'utf8')) as Artifact;
      cache.set(name, artifact);
      return artifact;
    },
    names: () =>
      readdirSync(dir)
        .filter((file) => file.endsWith('.json'))
        .map((file) => file.slice(0, -'.json'.length))
        .sort(),
  };
};

/** Byte code with the addresses of its libraries filled in. */
export const linkBytecode = (artifact: Artifact, addressOf: (library: string) => string): string => {
  let code = artifact.bytecode;
  for (const libraries of Object.values(artifact.linkReferences)) {
    for (const [library, places] of Object.entries(libraries)) {
      const address = addressOf(library).toLowerCase().replace(/^0x/, '');
      for (const { start } of places) code = `${code.slice(0, 2 + start * 2)}${address}${code.slice(2 + start * 2 + 40)}`;
    }
  }
  return code;
};
