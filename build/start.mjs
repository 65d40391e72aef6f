// `npm start`: makes what is missing, then opens the console. Needs nothing but Node ≥ 20.19 and npm.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheDir, node24, root } from './lib/paths.mjs';
import { startBar } from './lib/progress.mjs';
import { ensureConsole, ensureDesktop, findElectron, SetupError } from './lib/steps.mjs';

const HELP = `Busbar: operator console for microgrid control rooms

  npm start                      the console on its own simulated microgrid
  npm start -- --plant FILE      another plant file (a file without "simulation" is a real plant)
  npm start -- --data DIR        where readings, journal, chain and keys are kept (one console per folder)
  npm start -- --headless        serve the console to a browser on this computer instead of a window
  npm start -- --port N          port of the served console (default 7100; 0 takes any free one)
  npm start -- --speed N         how much faster than real time weather, energy and market run on the simulated
                                 plant: 1 to 60, default 30, so that a 15-minute interval lasts 30 s. Dynamics and
                                 control always run in real time, and an interval never lasts shorter than a proof.
  npm start -- --rpc URL         a chain elsewhere instead of the development node that the console starts itself
  npm start -- --help            this text

  A real plant needs the environment variable BUSBAR_KEYSTORE_PASSPHRASE: it encrypts the operator's key for the chain.
`;

const fail = (sentence, code = 1) => {
  process.stderr.write(`busbar: ${sentence}\n`);
  process.exit(code);
};

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19))
  fail(`Node ${process.versions.node} is too old. Install Node 20.19 or newer and start again.`);

let options;
try {
  options = parseArgs({
    options: {
      plant: { type: 'string' },
      data: { type: 'string' },
      headless: { type: 'boolean', default: false },
      port: { type: 'string' },
      speed: { type: 'string' },
      rpc: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }).values;
} catch (error) {
  fail(`${error.message.split('. ')[0]}. See npm start -- --help.`, 2);
}
if (options.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (options.port !== undefined && !/^\d{1,5}$/.test(options.port)) fail(`--port takes a number from 0 to 65535, not "${options.port}".`, 2);
if (options.port !== undefined && Number(options.port) > 65535) fail(`--port takes a number from 0 to 65535, not ${options.port}.`, 2);
if (options.speed !== undefined && !(Number(options.speed) >= 1 && Number(options.speed) <= 60))
  fail(`--speed takes a number from 1 to 60, not "${options.speed}".`, 2);
if (options.rpc !== undefined && !/^https?:\/\//.test(options.rpc))
  fail(`--rpc takes an address like http://127.0.0.1:8545, not "${options.rpc}".`, 2);

try {
  await ensureConsole();
} catch (error) {
  if (error instanceof SetupError) fail(error.message);
  throw error;
}

const pass = [];
for (const name of ['plant', 'data', 'port', 'speed', 'rpc']) if (options[name] !== undefined) pass.push(`--${name}`, options[name]);

const noDisplay = process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY;
let electron = null;
if (!options.headless) {
  if (noDisplay) process.stderr.write('busbar: there is no display on this computer; the console is served to a browser instead.\n');
  else {
    electron = await findElectron();
    if (!electron)
      process.stderr.write('busbar: Electron’s binary is not here and cannot be fetched; the console is served to a browser instead.\n');
  }
}

const env = { ...process.env, NODE_COMPILE_CACHE: join(cacheDir, 'compile') };
if (electron) {
  try {
    await ensureDesktop();
  } catch (error) {
    fail(error.message);
  }
  const child = spawn(electron, [root, ...pass], { cwd: root, env, stdio: 'inherit' });
  child.on('exit', (code) => process.exit(code ?? 1));
} else {
  const bar = startBar('Console');
  const child = spawn(node24, ['--disable-warning=ExperimentalWarning', join(root, 'headless', 'main.ts'), ...pass], {
    cwd: root,
    env,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  child.on('message', (message) => {
    if (message.type === 'progress') bar.update(message.fraction, message.text);
    if (message.type === 'ready') bar.done();
    if (message.type === 'failed') bar.fail('');
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal === 'SIGINT' ? 'SIGTERM' : signal));
  // npm passes no signal on when it is ended by itself; a console must not stay behind unseen.
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 1000).unref();
  child.on('exit', (code) => process.exit(code ?? 1));
}
