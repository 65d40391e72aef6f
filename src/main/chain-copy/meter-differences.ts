/** Where the chain's registration of a meter and what the plant file and the console say of it disagree, a sentence each. */
import type { PlantFile } from '../../shared/plant-file.ts';
import type { MeterKey } from '../metering/meter-keys.ts';
import type { ShownIdentity } from '../metering/metering-service.ts';
import type { MeterOnChain } from './meters-view.ts';

type Meter = NonNullable<PlantFile['devices'][number]['meter']>;

export function meterDifferences(
  on: Omit<MeterOnChain, 'readings' | 'history'>,
  here: { meter: Meter; bus: string; key: Pick<MeterKey, 'publicKey' | 'firmware'> | undefined; shown?: ShownIdentity | undefined },
): string[] {
  const { meter, bus, key, shown } = here;
  const said: string[] = [];
  const compare = (what: string, chain: string | number, plant: string | number, source = 'the plant file'): void => {
    if (String(chain) !== String(plant)) said.push(`${what}: the chain says ${chain}, ${source} ${plant}.`);
  };
  compare('Number', on.meterId, meter.meterId);
  compare('Class', on.deviceClass, meter.public ? 'public' : 'private');
  compare('Technology', on.technology, meter.technology);
  compare('Nothing but renewable behind it', on.renewableOnly ? 'yes' : 'no', meter.renewableOnly ? 'yes' : 'no');
  compare('Backs', on.backing, meter.public?.backing ?? (meter.renewableOnly ? 'certificates' : 'none'));
  compare('Rated power', `${on.ratedW} W`, `${Math.round(meter.ratedW)} W`);
  if (bus !== '') compare('Grid node', on.gridNode, bus.slice(0, 31));
  if (shown && shown.publicKey.map(String).join() !== on.publicKey.join())
    said.push(
      `Key: the meter (serial number ${shown.serial}) shows another public key than the chain has. Find out on site why, then enter its new key or the new device.`,
    );
  if (!key) return said;
  if (on.publicKey.join() !== key.publicKey.map(String).join())
    said.push('Key: the chain has another public key than the one the console checks readings with.');
  if (on.firmware) compare('Firmware', on.firmware.version, key.firmware, 'the meter');
  return said;
}
