/**
 * Brings the meters' keys into the registry on the chain, as private devices. All that wait go together, and only while no round is under
 * way: a proof is made for one registry root.
 */
import { AbiCoder, getAddress, keccak256, id as textHash } from 'ethers';
import { encodeDeviceData } from '../../../contracts/deploy/device-data.ts';
import { registryLeaf } from '../../domain/settlement/leaves.ts';
import type { Kernel } from '../kernel/ports.ts';
import type { Community } from '../market/community.ts';
import type { MeterKey } from '../metering/meter-keys.ts';
import type { LedgerService } from './ledger-service.ts';

/** A meter has no account of its own yet: its key stands for one. */
export const deviceAddress = (key: Pick<MeterKey, 'publicKey'>): string =>
  getAddress(`0x${keccak256(AbiCoder.defaultAbiCoder().encode(['uint256', 'uint256'], [...key.publicKey])).slice(-40)}`);

export async function queueRegistration(
  kernel: Kernel,
  deps: { community: Community; ledger: Pick<LedgerService, 'enqueue' | 'operatorAddress' | 'kick'>; keys: readonly MeterKey[] },
): Promise<void> {
  const { community, ledger, keys } = deps;
  const last = keys.at(-1);
  if (!last) return;
  const data: string[] = [];
  for (const key of keys) {
    const member = community.byMeter(key.meterId);
    if (!member) continue;
    data.push(
      encodeDeviceData({
        meterId: key.meterId,
        owner: ledger.operatorAddress,
        deviceClass: 'private',
        technology: member.technology,
        renewableOnly: member.renewableOnly,
        backing: member.renewableOnly ? 'certificates' : 'none',
        ratedPowerW: Math.round(member.ratedW),
        gridNode: member.bus.slice(0, 31),
        publicKey: key.publicKey,
      }),
    );
    // Some 50 ms of curve arithmetic each; the control cycle runs in between.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const ids = keys.map((k) => k.meterId);
  const name = `register:${ids.join('-')}:${keys.map((k) => k.acceptedMs).reduce((a, b) => Math.max(a, b), 0)}`;
  const leaf = registryLeaf({ meterId: BigInt(last.meterId), publicKey: last.publicKey, flags: last.flags }).toString();
  kernel.store.write((db) => {
    ledger.enqueue({
      id: name,
      kind: 'register-meters',
      title: `Register ${keys.length} meters`,
      body: {
        contract: 'SmartMeter',
        method: 'registerDevices',
        args: [keys.map(deviceAddress), data],
        doneWhen: { contract: 'SmartMeter', method: 'meterOf', args: [deviceAddress(last)], equals: String(last.meterId) },
      },
    });
    ledger.enqueue({
      id: `${name}:verify`,
      kind: 'verify-meters',
      title: `Verify ${keys.length} meters`,
      body: {
        contract: 'SmartMeter',
        method: 'verifyDevices',
        args: [ids, keys.map((k) => textHash(`${kernel.plant.id}:${k.deviceId}:${k.serial}`))],
        doneWhen: { contract: 'SmartMeter', method: 'registryLeaf', args: [last.meterId], equals: leaf },
      },
    });
    const mark = db.prepare('UPDATE meter_key SET registration = ? WHERE meter_id = ?');
    for (const key of keys) mark.run(`${name}:verify`, key.meterId);
    kernel.journal.record({
      who: 'metering',
      kind: 'decision',
      title: 'Register meters on the chain',
      text: `${keys.length} meters are registered with their public keys${kernel.simulated ? '; the simulated plant is commissioned and tested automatically' : ''}.`,
      outcome: 'done',
    });
  });
  ledger.kick();
}
