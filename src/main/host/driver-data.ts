/** The drivers' data files lie beside their source in a checkout; a bundled console names their place once, here. */
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setProfileDirectory } from '../../../drivers/modbus/device-profile.ts';
import { setModelDirectory } from '../../../drivers/modbus/sunspec/models.ts';
import { rootDir } from './paths.ts';

export function placeDriverData(): void {
  const modbus = join(rootDir, 'drivers', 'modbus');
  setModelDirectory(join(modbus, 'sunspec', 'data') + sep);
  setProfileDirectory(pathToFileURL(join(modbus, 'profiles') + sep));
}
