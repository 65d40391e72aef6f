/** The desktop entry: hands `electron/` to the composition, and nothing else. */
import { app } from 'electron';
import { runDesktop } from '../../electron/desktop.ts';
import { forkUtility } from '../../electron/fork-utility.ts';
import { createConsole, loadPlantFile } from './composition.ts';
import { placeDriverData } from './host/driver-data.ts';
import { setForker } from './host/fork.ts';
import { defaultDataDir, defaultPlantFile, rendererDir } from './host/paths.ts';

placeDriverData();
setForker(forkUtility);
void runDesktop(app, { createConsole, loadPlantFile, defaultDataDir, defaultPlantFile, rendererDir });
