/** Where development keys may be used: their secret is public, so whoever reads the source can forge a proof under them. The one rule of console and deployment. */

export const developmentChainId = 31337;
const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

export type KeyPlace = {
  readonly chainId: number;
  /** Where the node answers; null: it runs in this process. */
  readonly rpcUrl: string | null;
};

const onLoopback = (rpcUrl: string | null): boolean => rpcUrl === null || (URL.canParse(rpcUrl) && loopback.has(new URL(rpcUrl).hostname));

/** Null where development keys may be used, else a sentence that says why not. */
export const developmentKeyProblem = ({ chainId, rpcUrl }: KeyPlace): string | null => {
  if (chainId === developmentChainId && onLoopback(rpcUrl)) return null;
  const where = rpcUrl !== null && URL.canParse(rpcUrl) ? ` at ${new URL(rpcUrl).host}` : '';
  return `The proving keys are insecure development keys and chain ${chainId}${where} is no development chain (id ${developmentChainId} on loopback). Run the ceremony (docs/ceremony.md, "npm run ceremony") and use its keys, or use the local chain.`;
};
