/** Dense binary Merkle trees over Poseidon(left, right). The number of leaves is a power of two; an empty leaf is given by the caller. */
import { poseidon2 } from 'poseidon-lite/poseidon2';

/** Levels from the leaves (index 0) to the root (a single value). */
export function merkleLevels(leaves: readonly bigint[]): bigint[][] {
  if (leaves.length === 0 || (leaves.length & (leaves.length - 1)) !== 0) throw new Error(`${leaves.length} leaves are no power of two`);
  const levels: bigint[][] = [[...leaves]];
  for (let below = levels[0] as bigint[]; below.length > 1; ) {
    const above: bigint[] = [];
    for (let i = 0; i < below.length; i += 2) above.push(poseidon2([below[i] as bigint, below[i + 1] as bigint]));
    levels.push(above);
    below = above;
  }
  return levels;
}

export function merkleRoot(leaves: readonly bigint[]): bigint {
  return (merkleLevels(leaves).at(-1) as bigint[])[0] as bigint;
}

/** Siblings from the leaf upwards. */
export function merklePath(leaves: readonly bigint[], index: number): bigint[] {
  if (!(index >= 0 && index < leaves.length)) throw new Error(`leaf ${index} of ${leaves.length}`);
  return merkleLevels(leaves)
    .slice(0, -1)
    .map((level, height) => level[(index >> height) ^ 1] as bigint);
}

/** Roots of `parts` subtrees of equal size, left to right. */
export function subtreeRoots(leaves: readonly bigint[], parts: number): bigint[] {
  return merkleLevels(leaves).find((level) => level.length === parts) ?? [];
}

export function rootOfPath(leaf: bigint, index: number, siblings: readonly bigint[]): bigint {
  return siblings.reduce(
    (node, sibling, height) => ((index >> height) & 1 ? poseidon2([sibling, node]) : poseidon2([node, sibling])),
    leaf,
  );
}
