/** Development keys have a known secret: whoever reads the source can forge a proof under them. They may serve a development chain only. */
import { Fault } from '../../shared/errors.ts';

const DEVELOPMENT_CHAIN_ID = 31337;
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

export function assertKeyAllowed(
  keyOrigin: 'development' | 'ceremony',
  chain: { readonly chainId: number; readonly rpcUrl: string },
): void {
  if (keyOrigin === 'ceremony') return;
  if (chain.chainId === DEVELOPMENT_CHAIN_ID && LOOPBACK.has(new URL(chain.rpcUrl).hostname)) return;
  throw new Fault(
    'chain.wrong',
    `The proving keys are insecure development keys and chain ${chain.chainId} at ${new URL(chain.rpcUrl).host} is no development chain. Run "npm run ceremony" and deploy its verifier, or use the local chain.`,
  );
}
