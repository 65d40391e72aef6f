/**
 * Takes cancellations from the console's ledger to the chain: each certificate is cut out of its round's bundle, cancelled and claimed, one
 * step at a time, each told from the chain's copy, so that a crash or a chain that forgot changes nothing. It enters the outbox only when
 * nothing else waits there.
 */
import { id as textHash } from 'ethers';
import type { CertificatesPicture } from '../chain-copy/certificates-view.ts';
import type { ChainFold } from '../chain-copy/chain-fold.ts';
import type { Kernel } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { CallArgument } from '../ledger/outbox-store.ts';
import { nextAttempt } from '../public-meters/attempts.ts';
import { cancelledCertificates, type StoredCertificate } from './certificate-store.ts';
import { cancelStep, coverOf } from './chain-cover.ts';

export interface CancellationDeps {
  readonly chain: ChainFold<CertificatesPicture>;
  readonly ledger: Pick<LedgerService, 'enqueue' | 'entry' | 'kick' | 'endpoint' | 'operatorAddress' | 'state'>;
  readonly roundSource: (interval: number) => string | null;
}

export function createChainCancellation(
  kernel: Pick<Kernel, 'store' | 'clock'>,
  deps: CancellationDeps,
): { turn(): void; stuck(certificate: string): string | null } {
  const { store, clock } = kernel;
  const { ledger } = deps;
  /** What is over, as long as the chain does not change its past. */
  let over = { picture: deps.chain.now(), ids: new Set<string>() };
  const stuck = new Map<string, string>();

  const bring = (certificate: StoredCertificate, step: string, title: string, method: string, args: readonly CallArgument[]): void => {
    const attempt = nextAttempt(ledger, `cancel:${certificate.id}:${step}`, clock.nowMs());
    if (attempt.kind === 'later') stuck.set(certificate.id, attempt.error);
    if (attempt.kind !== 'new') return;
    ledger.enqueue({
      id: attempt.id,
      kind: 'cancel-certificate',
      title,
      body: { contract: 'GranularCertificate', method, args, mayFail: true },
    });
    ledger.kick();
  };

  return {
    stuck: (id) => stuck.get(id) ?? null,
    turn() {
      if (ledger.endpoint() === null || ledger.state().waiting > 0) return;
      const picture = deps.chain.now();
      if (over.picture !== picture) over = { picture, ids: new Set() };
      for (const certificate of cancelledCertificates(store.read)) {
        if (over.ids.has(certificate.id)) continue;
        const cover = coverOf(store.read, picture, deps.roundSource(certificate.interval), certificate);
        if (cover.kind !== 'covered') continue;
        const step = cancelStep(cover, certificate.energyWh, ledger.operatorAddress);
        stuck.delete(certificate.id);
        if (step.kind === 'done') over.ids.add(certificate.id);
        else if (step.kind === 'stuck') stuck.set(certificate.id, step.text);
        else if (step.kind === 'split')
          bring(certificate, `split:${step.bundle}`, `Cut ${certificate.id} out of bundle ${step.bundle}`, 'split', [
            step.bundle,
            step.energyWh,
          ]);
        else if (step.kind === 'cancel')
          bring(certificate, `cancel:${step.bundle}`, `Cancel ${certificate.id} on the chain`, 'cancel', [step.bundle]);
        else
          bring(certificate, `claim:${step.bundle}`, `Claim ${certificate.id} for its beneficiary`, 'claim', [
            step.bundle,
            ledger.operatorAddress,
            // Whoever knows certificate and beneficiary can check it; nobody can read a name from it.
            textHash(`${certificate.id}:${certificate.beneficiary ?? ''}`),
          ]);
        if (ledger.state().waiting > 0) return;
      }
    },
  };
}
