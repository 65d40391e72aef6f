/** What the prover gives and takes. Field elements are decimal strings, as snarkjs has them. */
export interface Groth16Proof {
  readonly pi_a: readonly string[];
  readonly pi_b: readonly (readonly string[])[];
  readonly pi_c: readonly string[];
}

/** The proof as the contract takes it: EIP-197 wants the imaginary part of a G2 coordinate first. */
export interface ProofCalldata {
  readonly a: readonly [string, string];
  readonly b: readonly [readonly [string, string], readonly [string, string]];
  readonly c: readonly [string, string];
  /** a, b, c in a row */
  readonly flat: readonly string[];
}

export interface Proven {
  readonly proof: Groth16Proof;
  readonly publicSignals: readonly string[];
  /** witness and proof, without the self-check */
  readonly proveMs: number;
  /** of the prover's process */
  readonly peakMemoryMb: number;
  readonly calldata: ProofCalldata;
}

/** What is proven: that a round's orders are the members' own, and that the round is settled by the rules. One circuit each. */
export const STATEMENTS = ['settle', 'admit'] as const;
export type Statement = (typeof STATEMENTS)[number];

export type ProofProgress = (fraction: number, text: string) => void;

/** Parent to prover process. */
export type ProverRequest =
  | {
      readonly kind: 'prove';
      readonly id: number;
      readonly wasmPath: string;
      readonly zkeyPath: string;
      readonly verificationKeyPath: string;
      readonly input: unknown;
    }
  | {
      readonly kind: 'verify';
      readonly id: number;
      readonly verificationKeyPath: string;
      readonly proof: Groth16Proof;
      readonly publicSignals: readonly string[];
    };

export type ProofFailure = 'witness' | 'self-check' | 'internal';

/** Prover process to parent. */
export type ProverReply =
  | { readonly kind: 'progress'; readonly id: number; readonly fraction: number; readonly text: string }
  | {
      readonly kind: 'proved';
      readonly id: number;
      readonly proof: Groth16Proof;
      readonly publicSignals: readonly string[];
      readonly proveMs: number;
      readonly peakMemoryMb: number;
    }
  | { readonly kind: 'verified'; readonly id: number; readonly valid: boolean }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: ProofFailure; readonly message: string };

export function proofCalldata(proof: Groth16Proof): ProofCalldata {
  const at = (row: readonly string[] | undefined, k: number): string => {
    const value = row?.[k];
    if (value === undefined) throw new Error('the proof is malformed');
    return value;
  };
  const a = [at(proof.pi_a, 0), at(proof.pi_a, 1)] as const;
  const b = [
    [at(proof.pi_b[0], 1), at(proof.pi_b[0], 0)],
    [at(proof.pi_b[1], 1), at(proof.pi_b[1], 0)],
  ] as const;
  const c = [at(proof.pi_c, 0), at(proof.pi_c, 1)] as const;
  return { a, b, c, flat: [...a, ...b[0], ...b[1], ...c] };
}
