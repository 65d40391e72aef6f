/** The seat of Settlement in the deployment. Owned by the settlement room; the constructor arguments live here and nowhere else. */
import type { DeployContext } from './deploy.ts';

/** Deploys the verifier and Settlement, where they are built. Returns the address that is granted the role SETTLEMENT, or null. */
export const deploySettlement = async (context: DeployContext): Promise<string | null> => {
  if (!context.artifacts.has('Settlement')) return null;
  throw new Error('Settlement is built but its deployment step is not written yet: contracts/deploy/settlement-step.ts');
};
