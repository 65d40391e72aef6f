/** `reconfigure CASE.json`: which lines to leave open so that the loss is least. */
import { parseFeederCase } from '../../src/domain/grid/feeder-case.ts';
import { reconfigureCase } from '../../src/domain/grid/reconfigure.ts';
import { type Answer, refusal } from '../command.ts';
import { withFile } from '../one-file.ts';

export const run = (args: readonly string[]): Promise<Answer> =>
  withFile(
    'reconfigure',
    'a feeder-case/1 file',
    args,
    (json) => {
      const parsed = parseFeederCase(json);
      return parsed.kind === 'ok' ? { kind: 'ok', value: parsed.feederCase } : parsed;
    },
    (feederCase) => {
      const document = reconfigureCase(feederCase);
      return document === null
        ? refusal(1, 'reconfigure', ['no radial state of this network has an operating point: lower the load or check the lines'])
        : { exitCode: 0, document };
    },
  );
