// biome-ignore-all lint/style/noNonNullAssertion: every index into these typed arrays is within them by construction
/** Newton's power flow as textbooks write it: full admittance matrix, dense Jacobian, Gaussian elimination with partial pivoting. */
import type { Network } from '../../src/domain/grid/network.ts';

/** One source; every bus is reached by closed branches. */
export const denseNewton = (network: Network, tolerance: number): { iterations: number; vm: Float64Array } => {
  const n = network.buses.length;
  const source = network.slack[0]!;
  const g = new Float64Array(n * n);
  const b = new Float64Array(n * n);
  const add = (i: number, j: number, re: number, im: number): void => {
    g[i * n + j]! += re;
    b[i * n + j]! += im;
  };
  for (const branch of network.branches) {
    if (!branch.closed) continue;
    const norm = branch.r ** 2 + branch.x ** 2;
    const sg = branch.r / norm;
    const sb = -branch.x / norm;
    const { from, to, ratio } = branch;
    add(from, from, (sg + branch.gFrom) / ratio ** 2, (sb + branch.bFrom) / ratio ** 2);
    add(from, to, -sg / ratio, -sb / ratio);
    add(to, from, -sg / ratio, -sb / ratio);
    add(to, to, sg + branch.gTo, sb + branch.bTo);
  }
  network.buses.forEach((bus, i) => {
    add(i, i, bus.shuntConductancePu, bus.shuntSusceptancePu);
  });
  const free = network.buses.map((_, i) => i).filter((i) => i !== source.bus);
  const m = free.length;
  const vm = new Float64Array(n).fill(source.vmPu);
  const va = new Float64Array(n).fill(source.vaRad);
  const p = new Float64Array(n);
  const q = new Float64Array(n);

  for (let iterations = 0; ; iterations += 1) {
    p.fill(0);
    q.fill(0);
    for (let i = 0; i < n; i += 1) {
      for (let j = 0; j < n; j += 1) {
        const gij = g[i * n + j]!;
        const bij = b[i * n + j]!;
        if (gij === 0 && bij === 0) continue;
        const angle = va[i]! - va[j]!;
        const product = vm[i]! * vm[j]!;
        p[i]! += product * (gij * Math.cos(angle) + bij * Math.sin(angle));
        q[i]! += product * (gij * Math.sin(angle) - bij * Math.cos(angle));
      }
    }
    const rhs = new Float64Array(2 * m);
    free.forEach((i, row) => {
      rhs[row] = -network.buses[i]!.activePowerW / network.baseVA - p[i]!;
      rhs[m + row] = -network.buses[i]!.reactivePowerVar / network.baseVA - q[i]!;
    });
    if (rhs.every((value) => Math.abs(value) <= tolerance) || iterations === 20) return { iterations, vm };

    const size = 2 * m;
    const jacobian = new Float64Array(size * size);
    free.forEach((i, row) => {
      free.forEach((j, column) => {
        const gij = g[i * n + j]!;
        const bij = b[i * n + j]!;
        if (i !== j && gij === 0 && bij === 0) return;
        const angle = va[i]! - va[j]!;
        const product = vm[i]! * vm[j]!;
        const re = product * (gij * Math.cos(angle) + bij * Math.sin(angle));
        const im = product * (gij * Math.sin(angle) - bij * Math.cos(angle));
        jacobian[row * size + column] = i === j ? im - q[i]! : im;
        jacobian[row * size + m + column] = i === j ? re + p[i]! : re;
        jacobian[(m + row) * size + column] = i === j ? p[i]! - re : -re;
        jacobian[(m + row) * size + m + column] = i === j ? im + q[i]! : im;
      });
    });
    eliminate(jacobian, rhs, size);
    free.forEach((i, row) => {
      va[i]! += rhs[row]!;
      vm[i]! *= 1 + rhs[m + row]!;
    });
  }
};

/** Solves in place; `x` comes in as the right-hand side. */
const eliminate = (a: Float64Array, x: Float64Array, size: number): void => {
  for (let k = 0; k < size; k += 1) {
    let pivot = k;
    for (let i = k + 1; i < size; i += 1) if (Math.abs(a[i * size + k]!) > Math.abs(a[pivot * size + k]!)) pivot = i;
    if (pivot !== k) {
      const row = a.slice(k * size, (k + 1) * size);
      a.copyWithin(k * size, pivot * size, (pivot + 1) * size);
      a.set(row, pivot * size);
      const value = x[k]!;
      x[k] = x[pivot]!;
      x[pivot] = value;
    }
    for (let i = k + 1; i < size; i += 1) {
      const factor = a[i * size + k]! / a[k * size + k]!;
      if (factor === 0) continue;
      for (let j = k; j < size; j += 1) a[i * size + j]! -= factor * a[k * size + j]!;
      x[i]! -= factor * x[k]!;
    }
  }
  for (let k = size - 1; k >= 0; k -= 1) {
    let sum = x[k]!;
    for (let j = k + 1; j < size; j += 1) sum -= a[k * size + j]! * x[j]!;
    x[k] = sum / a[k * size + k]!;
  }
};
