/**
 * Which proving keys may be used. Development keys have a known secret: whoever reads the source can forge a proof under them, so they serve a
 * development chain only. A key that says it comes from a ceremony is believed only when this version pins it.
 */
import { type CeremonyPins, ceremonyKeyProblem } from '../../../contracts/deploy/ceremony-pins.ts';
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

/** `verificationKey` is what lies beside the proving key, not what the manifest says of it. */
export function assertKeyPinned(
  circuit: string,
  keyOrigin: 'development' | 'ceremony',
  verificationKey: unknown,
  pins?: CeremonyPins,
): void {
  if (keyOrigin === 'development') return;
  const problem = ceremonyKeyProblem(circuit, verificationKey, pins);
  if (problem !== null) throw new Fault('proof.failed', problem);
}
