/** Constructor argument of contracts/settlement/Groth16Verifier.sol from snarkjs's verification_key.json. */
import { concat, keccak256, toBeHex } from 'ethers';
import { z } from 'zod';

const Coordinate = z.string().regex(/^\d+$/);
const G1 = z.array(Coordinate).min(2);
const G2 = z.array(z.array(Coordinate).length(2)).min(2);
const VerificationKey = z.object({
  protocol: z.literal('groth16'),
  curve: z.literal('bn128'),
  vk_alpha_1: G1,
  vk_beta_2: G2,
  vk_gamma_2: G2,
  vk_delta_2: G2,
  IC: z.array(G1).min(2),
});

const g1 = (point: readonly string[]) => [point[0] as string, point[1] as string];
/** EIP-197 puts the imaginary part first. */
const g2 = (point: readonly (readonly string[])[]) => [point[0]?.[1], point[0]?.[0], point[1]?.[1], point[1]?.[0]] as string[];

/** alpha, beta, gamma, delta, then IC_0 … IC_n: 14 + 2·(public signals + 1) words, decimal strings. */
export function verifierArguments(verificationKey: unknown): [string[]] {
  const key = VerificationKey.parse(verificationKey);
  return [[...g1(key.vk_alpha_1), ...g2(key.vk_beta_2), ...g2(key.vk_gamma_2), ...g2(key.vk_delta_2), ...key.IC.flatMap(g1)]];
}

/** What a Groth16Verifier with this key shows as its `keyHash`: keccak256 of the words above, 32 bytes each. */
export function verifierKeyHash(verificationKey: unknown): string {
  const [words] = verifierArguments(verificationKey);
  return keccak256(concat(words.map((word) => toBeHex(BigInt(word), 32))));
}
