/**
 * The desktop host: one hardened window over the same contract as the headless host. It knows the engine only through the interface
 * below; `src/main/index.ts` hands it in.
 */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type App, BrowserWindow, dialog, session as electronSession, powerMonitor } from 'electron';
import type { ServerFrame } from '../src/shared/contract/wire.ts';
import { Fault } from '../src/shared/errors.ts';
import { attachIpc } from './ipc-host.ts';
import { keystorePassphrase } from './keystore-passphrase.ts';
import { APP_ORIGIN, registerAppScheme, serveRenderer } from './protocol.ts';
import { denyByDefault, WINDOW_PREFERENCES } from './security.ts';

/** What the host needs of a session. */
export interface DesktopSession {
  readonly id: string;
}

/** What the host needs of the engine. */
export interface DesktopEngine<S extends DesktopSession = DesktopSession> {
  openSession(): S;
  closeSession(id: string): void;
  openLink(session: S, send: (frame: ServerFrame) => void): { receive(frame: unknown): void; close(): void };
  closing(): { goesOn: string[]; stops: string[]; running: string[] };
  stop(): Promise<void>;
}

export interface DesktopDeps<S extends DesktopSession> {
  createConsole(options: {
    plantFile: string;
    dataDir: string;
    host: 'electron';
    speed: number;
    rpcUrl?: string;
    passphrase?: string;
    onProgress?: (fraction: number, text: string) => void;
  }): Promise<DesktopEngine<S>>;
  loadPlantFile(file: string): { id: string; simulation?: unknown };
  defaultDataDir(plantId: string): string;
  readonly defaultPlantFile: string;
  readonly rendererDir: string;
}

export async function runDesktop<S extends DesktopSession>(app: App, deps: DesktopDeps<S>): Promise<void> {
  registerAppScheme();
  app.enableSandbox();
  app.setName('Busbar');
  const options = parseArgs({
    args: process.argv.slice(app.isPackaged ? 1 : 2),
    options: {
      plant: { type: 'string' },
      data: { type: 'string' },
      speed: { type: 'string', default: '30' },
      port: { type: 'string' },
      rpc: { type: 'string' },
    },
    strict: false,
  }).values as { plant?: string; data?: string; speed: string; rpc?: string };
  denyByDefault(app);
  await app.whenReady();

  let engine: DesktopEngine<S> | null = null;
  let quitting = false;
  try {
    const plantFile = resolve(options.plant ?? deps.defaultPlantFile);
    const plant = deps.loadPlantFile(plantFile);
    const dataDir = resolve(options.data ?? deps.defaultDataDir(plant.id));
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    engine = await deps.createConsole({
      plantFile,
      dataDir,
      host: 'electron',
      speed: Number(options.speed) || 30,
      ...(options.rpc ? { rpcUrl: options.rpc } : {}),
      ...(plant.simulation === undefined ? keystorePassphrase(dataDir) : {}),
    });
  } catch (error) {
    const sentence =
      error instanceof Fault ? error.message : `The console could not start: ${error instanceof Error ? error.message : String(error)}`;
    dialog.showErrorBox('Busbar could not start', sentence);
    process.stderr.write(`busbar: ${sentence}\n`);
    app.exit(1);
    return;
  }
  const running = engine;

  serveRenderer(deps.rendererDir);
  electronSession.defaultSession.setPermissionRequestHandler((_contents, _permission, decide) => decide(false));
  electronSession.defaultSession.setPermissionCheckHandler(() => false);

  const openWindow = (): void => {
    const window = new BrowserWindow({
      width: 1600,
      height: 960,
      minWidth: 1180,
      minHeight: 700,
      show: false,
      backgroundColor: '#1b1e22',
      title: 'Busbar',
      webPreferences: { ...WINDOW_PREFERENCES, preload: join(import.meta.dirname, '..', 'preload', 'index.cjs') },
    });
    window.removeMenu();
    const detach = attachIpc(window, running);
    window.once('ready-to-show', () => window.show());
    // Closing says what goes on and what stops, and is confirmed: nobody ends the balance of a plant by a slip of the hand.
    window.on('close', (event) => {
      if (quitting) return;
      event.preventDefault();
      const said = running.closing();
      const choice = dialog.showMessageBoxSync(window, {
        type: 'warning',
        title: 'Close the console',
        message: 'Close the console of this plant?',
        detail: [...said.running, '', 'Stops:', ...said.stops.map((s) => `• ${s}`), '', 'Goes on:', ...said.goesOn.map((s) => `• ${s}`)]
          .join('\n')
          .trim(),
        buttons: ['Keep it open', 'Close the console'],
        defaultId: 0,
        cancelId: 0,
        noLink: true,
      });
      if (choice === 1) void quit();
    });
    window.on('closed', detach);
    void window.loadURL(`${APP_ORIGIN}/`);
  };

  const quit = async (): Promise<void> => {
    if (quitting) return;
    quitting = true;
    for (const window of BrowserWindow.getAllWindows()) window.hide();
    await running.stop();
    app.exit(0);
  };

  app.on('second-instance', () => {
    const window = BrowserWindow.getAllWindows()[0];
    window?.restore();
    window?.focus();
  });
  app.on('window-all-closed', () => void quit());
  app.on('before-quit', (event) => {
    if (quitting) return;
    event.preventDefault();
    const window = BrowserWindow.getAllWindows()[0];
    if (window) window.close();
    else void quit();
  });
  // A workstation that goes to sleep stops balancing; the system is told to stay awake by its own settings, we only say it afterwards.
  powerMonitor.on('shutdown', () => void quit());
  openWindow();
}
