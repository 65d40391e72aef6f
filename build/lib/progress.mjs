// Progress of the set-up steps: a bar on a terminal, plain lines elsewhere. Plain JavaScript: it runs before anything is installed.
const WIDTH = 28;

/** @param {string} title @param {NodeJS.WriteStream} out */
export function startBar(title, out = process.stderr) {
  const begin = Date.now();
  let last = { fraction: -1, text: '' };
  let printed = -1;
  const seconds = () => `${((Date.now() - begin) / 1000).toFixed(0)} s`;
  const draw = () => {
    if (!out.isTTY) return;
    const filled = Math.round(Math.max(0, last.fraction) * WIDTH);
    const bar = `${'█'.repeat(filled)}${'·'.repeat(WIDTH - filled)}`;
    const line = `  ${title.padEnd(22)} ${bar} ${String(Math.round(Math.max(0, last.fraction) * 100)).padStart(3)} %  ${seconds().padStart(5)}  ${last.text}`;
    out.write(`\r\x1b[2K${line.slice(0, (out.columns ?? 120) - 1)}`);
  };
  const timer = setInterval(draw, 200);
  timer.unref?.();
  if (!out.isTTY) out.write(`  ${title} …\n`);
  return {
    /** @param {number} fraction 0..1 @param {string} [text] */
    update(fraction, text = last.text) {
      last = { fraction: Math.min(1, fraction), text };
      if (out.isTTY) return draw();
      const tenth = Math.floor(last.fraction * 10);
      if (tenth > printed && tenth < 10) {
        printed = tenth;
        out.write(`  ${title}: ${tenth * 10} % ${text}\n`);
      }
    },
    done(text = '') {
      clearInterval(timer);
      if (out.isTTY) out.write(`\r\x1b[2K  ${title.padEnd(22)} done in ${seconds()}${text ? `, ${text}` : ''}\n`);
      else out.write(`  ${title}: done in ${seconds()}${text ? `, ${text}` : ''}\n`);
    },
    fail(text) {
      clearInterval(timer);
      if (out.isTTY) out.write('\r\x1b[2K');
      out.write(`  ${title}: failed. ${text}\n`);
    },
  };
}
