/** The textbook backward/forward sweep for radial feeders, plainly written on typed arrays: something to measure the power flow against. */
import type { Network } from '../../src/domain/grid/network.ts';

export interface Sweep {
  solve(): { iterations: number; vm: Float64Array };
}

/**
 * Lines without charging, one source.
 * Currents are summed from the leaves to the source, voltages worked out from the source to the leaves, until both agree.
 */
export const createSweep = (network: Network, toleranceP: number): Sweep => {
  const n = network.buses.length;
  const source = network.slack[0] as Network['slack'][number];
  const neighbours: { bus: number; branch: number }[][] = Array.from({ length: n }, () => []);
  network.branches.forEach((b, k) => {
    if (!b.closed) return;
    neighbours[b.from]?.push({ bus: b.to, branch: k });
    neighbours[b.to]?.push({ bus: b.from, branch: k });
  });
  const order = new Int32Array(n);
  const parent = new Int32Array(n).fill(-1);
  const r = new Float64Array(n);
  const x = new Float64Array(n);
  const seen = new Uint8Array(n);
  order[0] = source.bus;
  seen[source.bus] = 1;
  let reached = 1;
  for (let head = 0; head < reached; head += 1) {
    const bus = order[head] as number;
    for (const next of neighbours[bus] ?? []) {
      if (seen[next.bus]) continue;
      seen[next.bus] = 1;
      parent[next.bus] = bus;
      r[next.bus] = network.branches[next.branch]?.r ?? 0;
      x[next.bus] = network.branches[next.branch]?.x ?? 0;
      order[reached] = next.bus;
      reached += 1;
    }
  }
  const p = Float64Array.from(network.buses, (b) => b.activePowerW / network.baseVA);
  const q = Float64Array.from(network.buses, (b) => b.reactivePowerVar / network.baseVA);
  const re = new Float64Array(n);
  const im = new Float64Array(n);
  const iRe = new Float64Array(n);
  const iIm = new Float64Array(n);
  const vm = new Float64Array(n);
  return {
    solve() {
      re.fill(source.vmPu);
      im.fill(0);
      let iterations = 0;
      for (;;) {
        iterations += 1;
        for (let i = 0; i < n; i += 1) {
          const square = (re[i] as number) ** 2 + (im[i] as number) ** 2;
          iRe[i] = ((p[i] as number) * (re[i] as number) + (q[i] as number) * (im[i] as number)) / square;
          iIm[i] = ((p[i] as number) * (im[i] as number) - (q[i] as number) * (re[i] as number)) / square;
        }
        for (let h = reached - 1; h > 0; h -= 1) {
          const bus = order[h] as number;
          const up = parent[bus] as number;
          iRe[up] = (iRe[up] as number) + (iRe[bus] as number);
          iIm[up] = (iIm[up] as number) + (iIm[bus] as number);
        }
        let worst = 0;
        for (let h = 1; h < reached; h += 1) {
          const bus = order[h] as number;
          const up = parent[bus] as number;
          const vRe = (re[up] as number) - ((r[bus] as number) * (iRe[bus] as number) - (x[bus] as number) * (iIm[bus] as number));
          const vIm = (im[up] as number) - ((r[bus] as number) * (iIm[bus] as number) + (x[bus] as number) * (iRe[bus] as number));
          const load = Math.hypot(p[bus] as number, q[bus] as number);
          const moved = Math.abs(vRe - (re[bus] as number)) + Math.abs(vIm - (im[bus] as number));
          if (load * moved > worst) worst = load * moved;
          re[bus] = vRe;
          im[bus] = vIm;
        }
        if (worst < toleranceP || iterations === 200) break;
      }
      for (let i = 0; i < n; i += 1) vm[i] = Math.hypot(re[i] as number, im[i] as number);
      return { iterations, vm };
    },
  };
};
