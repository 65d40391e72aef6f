/** The circuit keys that a ledger of this layout is deployed with: those in the cache, as the console takes them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CeremonyPins } from '../../contracts/deploy/ceremony-pins.ts';
import { type BatchLayout, circuitName } from '../../src/domain/settlement/limits.ts';
import { cacheDir } from '../../src/main/host/paths.ts';
import type { DeployOnce } from '../../src/main/ledger/deployment.ts';
import { readArtifacts } from '../../src/main/proof/artifacts.ts';
import type { Statement } from '../../src/main/proof/types.ts';
import { Fault } from '../../src/shared/errors.ts';

export const circuitKeys = (layout: BatchLayout, ceremonyPins?: CeremonyPins): DeployOnce['circuits'] => {
  const keyOf = (statement: Statement): DeployOnce['circuits'][Statement] => {
    const name = circuitName(statement, layout);
    const found = readArtifacts(join(cacheDir, 'circuits'), name);
    if (!found)
      throw new Fault(
        'proof.failed',
        `The key of circuit ${name} is not in ${cacheDir}. Install the ceremony's key with "npm run ceremony -- finish" (docs/ceremony.md), or build development keys: node circuits/build.ts --circuit ${name}`,
      );
    const { keyOrigin, verificationKeyHash } = found.manifest;
    const verificationKey: unknown = JSON.parse(readFileSync(found.verificationKeyPath, 'utf8'));
    return { verificationKey, keyOrigin, hash: verificationKeyHash, ...(ceremonyPins ? { ceremonyPins } : {}) };
  };
  return { settle: keyOf('settle'), admit: keyOf('admit') };
};
