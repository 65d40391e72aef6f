/**
 * Which proving keys may be used. Development keys have a known secret: whoever reads the source can forge a proof under them, so they serve a
 * development chain only. A key that says it comes from a ceremony is believed only when this version pins it.
 */
import { type CeremonyPins, ceremonyKeyProblem } from '../../../contracts/deploy/ceremony-pins.ts';
import { developmentKeyProblem } from '../../../contracts/deploy/development-keys.ts';
import { Fault } from '../../shared/errors.ts';

export function assertKeyAllowed(
  keyOrigin: 'development' | 'ceremony',
  chain: { readonly chainId: number; readonly rpcUrl: string },
): void {
  if (keyOrigin === 'ceremony') return;
  const problem = developmentKeyProblem(chain);
  if (problem !== null) throw new Fault('chain.wrong', problem);
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
