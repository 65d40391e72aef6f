/** Adaptive timeout: four times the filtered latency, as dbus-modbus-client does, rising fast and falling slowly. */

export interface LatencyFilter {
  readonly minTimeoutMs: number;
  readonly maxTimeoutMs: number;
  /** Undefined until the first reply. */
  readonly latencyMs: number | undefined;
}

export function timeoutOf(filter: LatencyFilter, initialTimeoutMs: number): number {
  const { latencyMs, minTimeoutMs, maxTimeoutMs } = filter;
  return latencyMs === undefined ? initialTimeoutMs : Math.min(maxTimeoutMs, Math.max(minTimeoutMs, 4 * latencyMs));
}

export function afterReply(filter: LatencyFilter, sampleMs: number): LatencyFilter {
  const { latencyMs } = filter;
  if (latencyMs === undefined) return { ...filter, latencyMs: sampleMs };
  const weight = sampleMs > latencyMs ? 1 / 2 : 1 / 8;
  return { ...filter, latencyMs: latencyMs + (sampleMs - latencyMs) * weight };
}

/** A device that became slower must get the chance to answer: the next timeout is twice as long, up to the maximum. */
export function afterTimeout(filter: LatencyFilter, timeoutMs: number): LatencyFilter {
  return { ...filter, latencyMs: Math.min(filter.maxTimeoutMs, timeoutMs * 2) / 4 };
}
