import type { CircuitKey } from '../deploy/settlement-step.ts';

/** A verification key of the right shape: generators of both groups. No proof verifies under it that was not made for it; none is made here. */
const g1 = ['1', '2', '1'];
const g2 = [
  [
    '10857046999023057135944570762232829481370756359578518086990519993285655852781',
    '11559732032986387107991004021392285783925812861821192530917403151452391805634',
  ],
  [
    '8495653923123431417604973247489272438418190587263600148770280649306958101930',
    '4082367875863433681332203403145435568316851327593401208105741076214120093531',
  ],
  ['1', '0'],
];
export const anyVerificationKey = (signals: number): CircuitKey => ({
  verificationKey: {
    protocol: 'groth16',
    curve: 'bn128',
    nPublic: signals,
    vk_alpha_1: g1,
    vk_beta_2: g2,
    vk_gamma_2: g2,
    vk_delta_2: g2,
    IC: Array(signals + 1).fill(g1),
  },
  keyOrigin: 'development',
});
