import type { PartialHandlers } from '../../shared/contract/contract.ts';
import type { Kernel } from '../kernel/ports.ts';
import type { OpenJournal } from './journal.ts';

export function createJournalHandlers(kernel: Pick<Kernel, 'clock' | 'plant'>, journal: OpenJournal): PartialHandlers {
  return {
    'journal.list': (query) => journal.list(query),
    'journal.verify': () => {
      const verdict = journal.verify();
      const message = verdict.valid
        ? `All ${verdict.entries} entries follow from one another: none was changed, and none removed or added between them.`
        : `The chain breaks at entry ${verdict.firstBroken}. Entries before it are sound; keep this file and tell the supervisor.`;
      return { valid: verdict.valid, entries: verdict.entries, message, firstBroken: verdict.firstBroken };
    },
    'journal.export': () => ({
      fileName: `journal-${kernel.plant.id}-${new Date(kernel.clock.nowMs()).toISOString().slice(0, 10)}.jsonl`,
      jsonl: journal.exportLines(),
    }),
  };
}
