/** A technician's acts on a meter's registration, as calls of the registry with their effect in words. */
import { encodeBytes32String, id as textHash } from 'ethers';
import type { DeviceChainAct } from '../../shared/chain-act.ts';
import type { CommissioningAct } from './commissioning-acts.ts';
import type { OperatorAct } from './operator-acts.ts';

export function deviceAct(name: string, meterId: number, act: Exclude<DeviceChainAct, CommissioningAct>): OperatorAct {
  const call = (title: string, method: string, args: OperatorAct['calls'][number]['args'], ...effect: string[]): OperatorAct => ({
    calls: [{ title: `${name}: ${title}`, contract: 'SmartMeter', method, args: [meterId, ...args] }],
    effect,
  });
  const hashed = 'The text is kept in the journal; the chain gets its hash.';
  switch (act.kind) {
    case 'verify':
      return call(
        'verify on site',
        'verifyDevice',
        [textHash(act.record)],
        'The meter counts as checked on site and goes into service.',
        hashed,
      );
    case 'maintenance':
      return call(
        act.on ? 'put into maintenance' : 'put back into service',
        'setMaintenance',
        [act.on, act.dueMs === null ? 0 : Math.floor(act.dueMs / 1000), encodeBytes32String(act.workOrder)],
        act.on
          ? 'The registry shows it in maintenance; a public meter posts nothing meanwhile.'
          : 'The registry shows it in service again.',
        'Polling and commands here are not touched by it.',
      );
    case 'report-tamper':
      return call(
        'report tampering',
        'reportTamper',
        [encodeBytes32String(act.sign), textHash(act.evidence)],
        'Its posted readings are not validated before a technician has cleared the report.',
        hashed,
      );
    case 'clear-tamper':
      return call('clear tamper reports', 'clearTamper', [textHash(act.finding)], 'All open reports of this meter are closed.', hashed);
    case 'firmware':
      return call(
        `record firmware ${act.version}`,
        'recordFirmware',
        [encodeBytes32String(act.version), `0x${act.imageHash.toLowerCase()}`],
        'The registry names this version and the hash of its signed image.',
      );
  }
}
