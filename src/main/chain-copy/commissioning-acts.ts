/**
 * Commissioning a settling meter that is known: a new key of the same device, another device, or the end of its service. The key is the one
 * that the meter itself shows; whoever enters it does not put it into service, so each is verified by a technician, at once or later.
 */
import { id as textHash } from 'ethers';
import { deviceKeyWitness, encodeDeviceData } from '../../../contracts/deploy/device-data.ts';
import type { DeviceChainAct } from '../../shared/chain-act.ts';
import { Fault } from '../../shared/errors.ts';
import { Technology } from '../../shared/plant-file.ts';
import { deviceAddress } from '../ledger/meter-registration.ts';
import type { ShownIdentity } from '../metering/metering-service.ts';
import type { MeterOnChain } from './meters-view.ts';
import type { OperatorAct, OperatorCall } from './operator-acts.ts';

export type CommissioningAct = Extract<DeviceChainAct, { kind: 'rotate-key' | 'swap-device' | 'retire' }>;

export interface CommissionedMeter {
  readonly name: string;
  readonly on: MeterOnChain;
  readonly shown: ShownIdentity | undefined;
  /** Rounds under way in which its member has an order committed. */
  readonly rounds: number;
}

const BASELINE = 'The next reading is a baseline: it measures nothing.';
const lapses = ({ rounds }: CommissionedMeter): string[] => [
  'Orders signed with the old key lapse; the member signs new ones.',
  ...(rounds === 0
    ? []
    : [
        `${rounds === 1 ? 'One round' : `${rounds} rounds`} under way ${rounds === 1 ? 'has' : 'have'} an order of this member. A round whose orders are not admitted by then is ended, and nobody is paid for its trades: better wait until they are settled.`,
      ]),
];

export const isCommissioning = (act: DeviceChainAct): act is CommissioningAct =>
  act.kind === 'rotate-key' || act.kind === 'swap-device' || act.kind === 'retire';

export function commissioningAct(act: CommissioningAct, meter: CommissionedMeter): OperatorAct {
  const { name, on } = meter;
  if (on.deviceClass !== 'private')
    throw new Fault('conflict', `${name} is a public meter: its account is bound to its key. Only settling meters are commissioned here.`);
  if (act.kind === 'retire') {
    inService(meter);
    return {
      mayWait: true,
      calls: [call(meter, 'retire', 'retireDevice', [on.meterId])],
      effect: [
        'The meter is out of service on the chain: its member cannot trade, and its readings do not count. Rounds go on without it.',
        ...lapses(meter),
        'Another device may be installed under this number later.',
      ],
    };
  }
  const shown = newKey(meter);
  const verify = act.record === null ? [] : [call(meter, 'verify on site', 'verifyDevice', [on.meterId, textHash(act.record)])];
  const after =
    act.record === null
      ? 'It is out of service until a technician has verified it on site.'
      : 'It counts as checked on site and goes into service at once. The text is kept in the journal; the chain gets its hash.';
  const key = `The key now shown by the meter: x ${shown.publicKey[0]}. Compare it with the one on its display.`;
  if (act.kind === 'rotate-key') {
    inService(meter);
    const [x, y] = shown.publicKey;
    const args = [on.meterId, x, y, ...deviceKeyWitness(shown.publicKey)].map(String);
    return {
      mayWait: true,
      calls: [call(meter, 'enter its new key', 'rotateKey', args), ...verify],
      effect: [`${name} stays the same device and gets another key. ${BASELINE}`, ...lapses(meter), key, after],
    };
  }
  const data = encodeDeviceData({
    meterId: on.meterId,
    owner: on.owner,
    deviceClass: 'private',
    technology: Technology.parse(on.technology),
    renewableOnly: on.renewableOnly,
    backing: on.backing,
    ratedPowerW: on.ratedW,
    gridNode: on.gridNode.slice(0, 31),
    publicKey: shown.publicKey,
  });
  const device = deviceAddress(shown);
  const install =
    on.state === 'retired'
      ? call(meter, `install device ${shown.serial}`, 'registerDevice', [device, data])
      : call(meter, `swap the device for ${shown.serial}`, 'swapDevice', [on.meterId, device, data]);
  return {
    mayWait: true,
    calls: [install, ...verify],
    effect: [
      on.state === 'retired'
        ? `Device ${shown.serial} opens epoch ${on.epoch + 1} of ${name}. ${BASELINE}`
        : `Epoch ${on.epoch} of ${name} ends, and device ${shown.serial} opens epoch ${on.epoch + 1}. Its registers count from its own baseline. ${BASELINE}`,
      ...(on.state === 'retired' ? [] : lapses(meter)),
      key,
      after,
    ],
  };
}

const call = ({ name }: CommissionedMeter, what: string, method: string, args: OperatorCall['args']): OperatorCall => ({
  title: `${name}: ${what}`,
  contract: 'SmartMeter',
  method,
  args,
});

function inService({ name, on }: CommissionedMeter): void {
  if (on.state === 'retired')
    throw new Fault('conflict', `${name} is out of service on the chain. Install a device under its number first.`);
}
function newKey({ name, on, shown }: CommissionedMeter): ShownIdentity {
  if (!shown)
    throw new Fault(
      'conflict',
      `${name} has not shown a key since the console started. Switch the meter on and connect it; it shows its key by itself.`,
    );
  if (shown.publicKey.join() === on.publicKey.map(String).join())
    throw new Fault('conflict', `${name} shows the key that the chain has. A new one is entered after the meter shows it.`);
  return shown;
}
