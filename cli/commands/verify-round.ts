/** `verify round FILE`: checks a member's own line of a round (round-line/1), offline. */
import { verifyRound } from '../../src/domain/settlement/verify-round.ts';
import { RoundLine } from '../../src/shared/round-line.ts';
import type { Answer } from '../command.ts';
import { withFile } from '../one-file.ts';

export const run = (args: readonly string[]): Promise<Answer> =>
  withFile(
    'verify round',
    'a round-line/1 file (exported on the Settlement page)',
    args,
    (json) => {
      const parsed = RoundLine.safeParse(json);
      if (parsed.success) return { kind: 'ok', value: parsed.data };
      return {
        kind: 'refused',
        problems: parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the document'}: ${issue.message}`),
      };
    },
    (line) => {
      const document = verifyRound(line);
      return { exitCode: document.valid ? 0 : 1, document };
    },
  );
