/** `fault list | start KIND [TARGET] | end ID`: training faults of the simulated plant that a running console uses. */
import { FAULT_USAGE, faultCommand, UsageError } from '../../plant/control/fault-command.ts';
import { loadPlantFile } from '../../src/main/composition.ts';
import { defaultDataDir, defaultPlantFile } from '../../src/main/host/paths.ts';
import { type Answer, refusal } from '../command.ts';

export async function run(args: readonly string[]): Promise<Answer> {
  try {
    return { exitCode: 0, document: await faultCommand(args, defaultDataDir(loadPlantFile(defaultPlantFile).id)) };
  } catch (error) {
    if (error instanceof UsageError) return refusal(2, 'fault', [error.message || FAULT_USAGE]);
    return refusal(1, 'fault', [(error as Error).message]);
  }
}
