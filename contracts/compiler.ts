/**
 * The one compiler setting of the suite: the test runner and the build that the console ships read it here,
 * so that what is tested is, byte for byte, what is deployed.
 */
export const solcVersion = '0.8.37';

export const solcSettings = {
  optimizer: { enabled: true, runs: 800 },
  evmVersion: 'cancun',
  /** No metadata hash: byte code depends on the code alone, not on comments or on where the sources lie. */
  metadata: { bytecodeHash: 'none', appendCBOR: false },
} as const;
