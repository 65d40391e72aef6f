// A small stand-in for the `electron` module, enough to run the built desktop entry and preload unchanged under plain Node: the window is a page
// in a real Chromium, IPC goes over its bindings, `busbar://console/` is answered by the handler the app registered. It does NOT test context
// isolation, the sandbox or navigation guards: only the real binary can.
import { fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const HTTP_ORIGIN = 'http://console.localhost';
const record = { schemes: [], windowOptions: [], permissionHandlers: 0, sandboxed: false, windowOpen: [], errors: [] };
const tell = (message) => process.send?.(message);

class App extends EventEmitter {
  isPackaged = false;
  enableSandbox() {
    record.sandboxed = true;
  }
  setName() {}
  async whenReady() {}
  exit(code) {
    tell({ type: 'exit', code });
    setTimeout(() => process.exit(code), 50);
  }
  quit() {
    this.emit('before-quit', { preventDefault() {} });
  }
}
export const app = new App();

let handler = null;
export const protocol = {
  registerSchemesAsPrivileged: (schemes) => record.schemes.push(...schemes),
  handle: (_scheme, fn) => {
    handler = fn;
  },
};
export const ipcMain = new EventEmitter();
/** No system key store here: the desktop host then asks for the passphrase as the headless one does. */
export const safeStorage = { isEncryptionAvailable: () => false };
export const powerMonitor = new EventEmitter();
export const session = {
  defaultSession: {
    setPermissionRequestHandler: () => record.permissionHandlers++,
    setPermissionCheckHandler: () => record.permissionHandlers++,
  },
};
export const dialog = {
  showErrorBox(title, text) {
    record.errors.push({ title, text });
    tell({ type: 'error-box', title, text });
  },
  showMessageBoxSync(_window, options) {
    tell({ type: 'asked', options });
    return options.buttons.length - 1;
  },
};
export const utilityProcess = {
  fork(entry, args, options) {
    return forkAsUtility(entry, args, options);
  },
};

const windows = [];
export class BrowserWindow extends EventEmitter {
  constructor(options) {
    super();
    record.windowOptions.push(options);
    this.options = options;
    this.webContents = new EventEmitter();
    const contents = this.webContents;
    contents.mainFrame = { url: 'busbar://console/' };
    contents.isDestroyed = () => this.page?.isClosed() ?? true;
    contents.setWindowOpenHandler = (fn) => record.windowOpen.push(fn({ url: 'https://example.org/' }));
    contents.send = (channel, payload) => {
      this.page?.evaluate(([c, p]) => globalThis.__fromMain?.(c, p), [channel, payload]).catch(() => {});
    };
    app.emit('web-contents-created', {}, contents);
    windows.push(this);
  }
  static getAllWindows = () => windows;
  removeMenu() {}
  show() {}
  hide() {}
  focus() {}
  restore() {}
  close() {
    this.emit('close', { preventDefault() {} });
  }
  async loadURL(url) {
    const port = await freePort();
    const args = [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
      `--remote-debugging-port=${port}`,
    ];
    // A persistent context is one that a second client, the suite in the parent process, can see over the debugging port.
    const profile = mkdtempSync(join(tmpdir(), 'busbar-window-'));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: process.env.BUSBAR_CHROMIUM,
      headless: true,
      args,
      viewport: { width: 1920, height: 1080 },
    });
    process.on('exit', () => rmSync(profile, { recursive: true, force: true }));
    await context.route('**/*', async (route) => {
      const asked = new URL(route.request().url());
      if (asked.origin !== HTTP_ORIGIN) return route.abort();
      const response = await handler({ url: `busbar://console${asked.pathname}${asked.search}`, method: route.request().method() });
      await route.fulfill({
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: Buffer.from(await response.arrayBuffer()),
      });
    });
    this.page = context.pages()[0] ?? (await context.newPage());
    const contents = this.webContents;
    await this.page.exposeBinding('__toMain', (_source, channel, payload) => {
      ipcMain.emit(channel, { sender: contents, senderFrame: contents.mainFrame }, payload);
    });
    await this.page.addInitScript(preloadScript(readFileSync(this.options.webPreferences.preload, 'utf8')));
    this.page.on('request', (request) => {
      if (request.isNavigationRequest()) contents.emit('did-start-loading');
    });
    await this.page.goto(url.replace('busbar://console', HTTP_ORIGIN));
    this.emit('ready-to-show');
    tell({ type: 'window', endpoint: `http://127.0.0.1:${port}`, record });
  }
}

/** Runs the preload as Electron would: a CommonJS file that knows only `electron`. */
function preloadScript(source) {
  return `(() => {
    const listeners = new Map();
    globalThis.__fromMain = (channel, payload) => { for (const fn of listeners.get(channel) ?? []) fn({}, payload); };
    const electron = {
      contextBridge: { exposeInMainWorld: (name, api) => Object.defineProperty(globalThis, name, { value: Object.freeze(api) }) },
      ipcRenderer: {
        send: (channel, payload) => { globalThis.__toMain(channel, payload); },
        on: (channel, fn) => { const set = listeners.get(channel) ?? new Set(); set.add(fn); listeners.set(channel, set); },
        removeListener: (channel, fn) => { listeners.get(channel)?.delete(fn); },
      },
    };
    const require = (name) => { if (name !== 'electron') throw new Error('the sandbox lets the preload require only electron, not ' + name); return electron; };
    const module = { exports: {} };
    (function (require, module, exports) { ${source}\n })(require, module, module.exports);
  })();`;
}

process.on('message', (message) => {
  if (message?.type === 'close') windows[0]?.close();
});

function freePort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function forkAsUtility(entry, args, options) {
  // The same channel a utility process has, over child_process: the child sees process.send, which our children take as well.
  const child = fork(entry, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env: options.env });
  const utility = new EventEmitter();
  Object.defineProperty(utility, 'pid', { get: () => child.pid });
  utility.stderr = child.stderr;
  utility.postMessage = (message) => child.connected && child.send(message);
  utility.kill = () => child.kill();
  child.on('message', (message) => utility.emit('message', message));
  child.on('exit', (code) => utility.emit('exit', code));
  return utility;
}

export const contextBridge = { exposeInMainWorld() {} };
export const ipcRenderer = {};
export default { app, BrowserWindow, protocol, ipcMain, session, dialog, utilityProcess, powerMonitor };
