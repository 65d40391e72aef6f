/** `powerflow CASE.json`: voltages, flows and losses of a feeder case. */
import { parseFeederCase } from '../../src/domain/grid/feeder-case.ts';
import { solveFeederCase } from '../../src/domain/grid/feeder-solution.ts';
import type { Answer } from '../command.ts';
import { withFile } from '../one-file.ts';

export const run = (args: readonly string[]): Promise<Answer> =>
  withFile(
    'powerflow',
    'a feeder-case/1 file',
    args,
    (json) => {
      const parsed = parseFeederCase(json);
      return parsed.kind === 'ok' ? { kind: 'ok', value: parsed.feederCase } : parsed;
    },
    (feederCase) => {
      const document = solveFeederCase(feederCase);
      return { exitCode: document.converged ? 0 : 1, document };
    },
  );
