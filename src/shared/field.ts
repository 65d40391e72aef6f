/** Order of the scalar field of BN254 (EIP-196: the group order), in which proofs, hashes and roots are numbers. */
export const FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
