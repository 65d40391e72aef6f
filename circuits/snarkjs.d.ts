// SPDX-License-Identifier: GPL-3.0-only
/** The little of snarkjs and ffjavascript that is used here; both come without types. */
declare module 'snarkjs' {
  export interface Groth16Proof {
    pi_a: string[];
    pi_b: string[][];
    pi_c: string[];
    protocol: string;
    curve: string;
  }
  export const groth16: {
    prove(
      zkey: string,
      witness: string | { type: 'mem'; data?: Uint8Array },
      logger?: unknown,
    ): Promise<{ proof: Groth16Proof; publicSignals: string[] }>;
    fullProve(input: unknown, wasm: string, zkey: string): Promise<{ proof: Groth16Proof; publicSignals: string[] }>;
    verify(key: unknown, publicSignals: readonly string[], proof: unknown): Promise<boolean>;
  };
  export const wtns: {
    calculate(input: unknown, wasm: string, witness: string | { type: 'mem'; data?: Uint8Array }): Promise<void>;
  };
  export const zKey: {
    exportVerificationKey(zkey: string): Promise<Record<string, unknown>>;
    newZKey(r1cs: string, ptau: string, zkey: string, logger?: unknown): Promise<Uint8Array | number>;
    contribute(old: string, next: string, name: string, entropy: string, logger?: unknown): Promise<Uint8Array>;
    beacon(old: string, next: string, name: string, hash: string, iterations: number, logger?: unknown): Promise<Uint8Array>;
    verifyFromInit(init: string, ptau: string, zkey: string, logger?: unknown): Promise<boolean>;
  };
  export const powersOfTau: {
    newAccumulator(curve: unknown, power: number, ptau: string): Promise<unknown>;
    contribute(old: string, next: string, name: string, entropy: string): Promise<unknown>;
    beacon(old: string, next: string, name: string, hash: string, iterations: number): Promise<unknown>;
    preparePhase2(old: string, next: string): Promise<unknown>;
    verify(ptau: string, logger?: unknown): Promise<unknown>;
  };
  export const curves: { getCurveFromName(name: string): Promise<{ terminate(): Promise<void> }> };
}
declare module 'ffjavascript' {
  export function buildBn128(singleThread: boolean): Promise<unknown>;
}
declare module 'circom_runtime' {
  export function WitnessCalculatorBuilder(
    code: Uint8Array,
    options?: { sanityCheck?: boolean },
  ): Promise<{
    /** Computes and checks all signals, and leaves them where they are: reading them out takes as long again. */
    _doCalculateWitness(input: Record<string, string | string[]>, sanityCheck: boolean): Promise<void>;
  }>;
}
