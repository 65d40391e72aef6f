/** CPU time of this process from now on, as a percentage of one core. */
export function cpuMeter(): () => number {
  const from = process.cpuUsage();
  const startedMs = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(from);
    return (user + system) / 1000 / (performance.now() - startedMs) / 0.01;
  };
}
