/**
 * The only way by which the console changes something in the field: write, read back, and say verified, mismatch or unknown. Acts of
 * people and switching acts are recorded by an idempotency key; renewals of set-points are not, they would be millions.
 */
import { randomUUID } from 'node:crypto';
import { type CommandResult, runCommand } from '../../../drivers/modbus/command.ts';
import type { CommandOutcome } from '../../shared/contract/grid.ts';
import type { Kernel } from '../kernel/ports.ts';
import { type CommandRequest, createCommandRecord } from './command-record.ts';
import { type Plan, planLimit, planPower, planRunning } from './control-writes.ts';
import type { DeviceRuntime } from './device-runtime.ts';
import type { WritableImage } from './process-image.ts';

export interface CommandLane {
  /** Same id, same answer: nothing is written twice. `urgent` writes first and records after. */
  switchRelay(act: {
    id?: string;
    switchId: string;
    closed: boolean;
    by: string;
    verifyWithinMs?: number;
    urgent?: boolean;
  }): Promise<CommandOutcome>;
  setPower(act: { id?: string; deviceId: string; powerW: number; by: string; revertS?: number; record?: boolean }): Promise<CommandOutcome>;
  setLimit(act: {
    id?: string;
    deviceId: string;
    limitPercent: number | null;
    by: string;
    revertS?: number;
    record?: boolean;
  }): Promise<CommandOutcome>;
  setRunning(act: { id?: string; deviceId: string; running: boolean; by: string }): Promise<CommandOutcome>;
}

/** A relay's contacts move 50–150 ms after the command; a second is a relay that does not move. */
const SWITCH_VERIFY_MS = 1000;
const SET_VERIFY_MS = 400;

export function createCommandLane(
  kernel: Kernel,
  deps: { runtime: (deviceId: string) => DeviceRuntime | undefined; image: WritableImage; pollNow: (deviceId: string) => void },
): CommandLane {
  const { plant, clock } = kernel;
  const record = createCommandRecord(kernel.store);
  const underWay = new Map<string, Promise<CommandOutcome>>();
  /** Set-up already on the device, by device and act; void when link or map changed. */
  const prepared = new Map<string, number>();

  const refusal = (message: string): CommandOutcome => ({ state: 'refused', message, sentMs: null, verifiedMs: null });

  function once(
    act: { id?: string; target: string; action: string; requested: string; by: string; keep: boolean; urgent: boolean },
    run: (sentMs: number) => Promise<CommandOutcome>,
  ): Promise<CommandOutcome> {
    if (act.id !== undefined) {
      const running = underWay.get(act.id);
      if (running) return running;
      const earlier = record.find(act.id);
      if (earlier) return Promise.resolve(earlier);
    }
    if (!act.keep) return run(clock.nowMs());
    const request: CommandRequest = {
      id: act.id ?? randomUUID(),
      target: act.target,
      action: act.action,
      requested: act.requested,
      by: act.by,
      createdMs: clock.nowMs(),
    };
    const work = (async () => {
      if (!act.urgent) record.begin(request);
      const outcome = await run(request.createdMs);
      try {
        record.finish(request, outcome);
        kernel.journal.record({
          who: act.by,
          kind: 'act',
          title: `${act.action} ${act.target}`,
          text: `${act.requested}: ${outcome.message}`,
          target: act.target,
          outcome: outcome.state === 'verified' ? 'done' : outcome.state === 'refused' ? 'refused' : 'failed',
        });
      } catch (cause) {
        // The relay has moved, whatever the disk says: the outcome must reach the person.
        kernel.log.error('a command could not be recorded', { target: act.target, cause: String(cause) });
      }
      return outcome;
    })().finally(() => underWay.delete(request.id));
    underWay.set(request.id, work);
    return work;
  }

  async function carryOut(device: DeviceRuntime, plan: Plan, key: string, sentMs: number): Promise<CommandOutcome> {
    if (plan.kind === 'refused') return refusal(plan.reason);
    const link = device.link();
    if (!link) return refusal(`${device.spec.name} is not connected. Check its power and network.`);
    const isPrepared = prepared.get(key) === device.generation();
    const writes = isPrepared ? plan.set : [...plan.prepare, ...plan.set, ...plan.finish];
    let last: CommandResult | null = null;
    for (const w of writes) {
      last = await runCommand({
        link,
        write: w.request,
        readBack: w.readBack,
        matches: (v) => w.matches(v),
        verifyWithinMs: SET_VERIFY_MS,
      });
      if (last.kind !== 'verified') {
        prepared.delete(key);
        return outcomeOf(last, device.spec.name, sentMs, clock.nowMs());
      }
    }
    prepared.set(key, device.generation());
    return last ? outcomeOf(last, device.spec.name, sentMs, clock.nowMs()) : refusal('There was nothing to write.');
  }

  const find = (deviceId: string): DeviceRuntime | CommandOutcome =>
    deps.runtime(deviceId) ?? refusal(`There is no device ${deviceId} in the plant file.`);
  const revert = (s: number | undefined): number => s ?? plant.control.setpointRevertS;
  /** A device whose enable was lost (restart, expiry) must be set up again. */
  const forget = (key: string, lost: boolean): void => {
    if (lost) prepared.delete(key);
  };

  return {
    switchRelay(act) {
      const sw = plant.grid.switches.find((s) => s.id === act.switchId);
      if (!sw) return Promise.resolve(refusal(`There is no switch ${act.switchId} in the plant file.`));
      const requested = act.closed ? 'close' : 'open';
      return once(
        {
          id: act.id,
          target: sw.id,
          action: act.closed ? 'Close' : 'Open',
          requested,
          by: act.by,
          keep: true,
          urgent: act.urgent ?? false,
        },
        async (sentMs) => {
          const device = deps.runtime(sw.relay);
          const link = device?.link();
          const unit = device?.address()?.unitId;
          if (!device || !link || unit === undefined)
            return refusal(`${sw.name}: its relay ${sw.relay} is not connected. Check its power and network.`);
          const result = await runCommand({
            link,
            write: { unit, table: 'coil', address: sw.coil, values: [act.closed ? 1 : 0] },
            readBack: { unit, table: 'discrete', address: sw.coil, count: 1 },
            matches: ([position]) => position === (act.closed ? 1 : 0),
            verifyWithinMs: act.verifyWithinMs ?? SWITCH_VERIFY_MS,
          });
          const position = result.readBack?.[0];
          if (position === 0 || position === 1) {
            deps.image.put(`${sw.id}.closed`, position, { timeMs: clock.nowMs(), monotonicMs: clock.monotonicMs() });
          }
          deps.pollNow(sw.relay);
          return outcomeOf(result, sw.name, sentMs, clock.nowMs(), `${sw.name} is ${act.closed ? 'closed' : 'open'}.`);
        },
      );
    },
    setPower(act) {
      const device = find(act.deviceId);
      if ('state' in device) return Promise.resolve(device);
      const key = `${act.deviceId} power`;
      return once(
        {
          id: act.id,
          target: act.deviceId,
          action: 'Set power of',
          requested: `${Math.round(act.powerW)} W`,
          by: act.by,
          keep: act.record ?? true,
          urgent: false,
        },
        (sentMs) => {
          forget(key, device.spec.kind === 'battery' && deps.image.fresh(`${act.deviceId}.setW`) === null);
          return carryOut(device, planPower(device, act.powerW, revert(act.revertS)), key, sentMs);
        },
      );
    },
    setLimit(act) {
      const device = find(act.deviceId);
      if ('state' in device) return Promise.resolve(device);
      const key = `${act.deviceId} limit ${act.limitPercent === null ? 'off' : 'on'}`;
      const requested = act.limitPercent === null ? 'no limit' : `${act.limitPercent.toFixed(1)} %`;
      return once(
        { id: act.id, target: act.deviceId, action: 'Limit', requested, by: act.by, keep: act.record ?? true, urgent: false },
        (sentMs) => {
          const seen = deps.image.fresh(`${act.deviceId}.limitPercent`);
          forget(key, act.limitPercent !== null && (seen === null || seen >= 100));
          return carryOut(device, planLimit(device, act.limitPercent, revert(act.revertS)), key, sentMs);
        },
      );
    },
    setRunning(act) {
      const device = find(act.deviceId);
      if ('state' in device) return Promise.resolve(device);
      return once(
        {
          id: act.id,
          target: act.deviceId,
          action: act.running ? 'Start' : 'Stop',
          requested: act.running ? 'start' : 'stop',
          by: act.by,
          keep: true,
          urgent: false,
        },
        async (sentMs) => {
          const outcome = await carryOut(device, planRunning(device, act.running), `${act.deviceId} run`, sentMs);
          if (outcome.state !== 'verified') return outcome;
          // Read back was the order, not the machine: it has still to come up or run down.
          const { name } = device.spec;
          const message = act.running
            ? `${name} took the order and is starting: power comes after its start-up.`
            : `${name} took the order and is stopping: it may run on to cool down.`;
          return { ...outcome, message };
        },
      );
    },
  };
}

function outcomeOf(
  result: CommandResult,
  name: string,
  sentMs: number,
  nowMs: number,
  done = `${name} took it and was read back.`,
): CommandOutcome {
  switch (result.kind) {
    case 'verified':
      return { state: 'verified', message: done, sentMs, verifiedMs: nowMs };
    case 'mismatched':
      return { state: 'mismatch', message: result.detail, sentMs, verifiedMs: null };
    case 'unknown':
      return { state: 'unknown', message: result.detail, sentMs, verifiedMs: null };
    case 'refused':
    case 'not-sent':
      return { state: 'refused', message: result.detail, sentMs: result.kind === 'refused' ? sentMs : null, verifiedMs: null };
  }
}
