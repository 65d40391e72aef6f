/**
 * Whether the console sees the plant at all. When most devices are silent at once, the cause is what they share: the network, its supply,
 * the plant itself. One alarm tells it; those of the single devices are suppressed by design until most of them have been back for a while.
 */
import type { Kernel } from '../kernel/ports.ts';
import type { Summary } from './summaries.ts';

export interface PlantSight {
  /** Once a second, with all devices in service. */
  look(devices: readonly Pick<Summary, 'id' | 'state'>[]): void;
  visible(): boolean;
}

/** Silent share above which the plant counts as not visible, and below which it may count as visible again. */
const LOST_SHARE = 0.5;
const BACK_SHARE = 0.25;
/** With fewer devices, a majority is one or two, and each may as well be alarmed by itself. */
const FEWEST_DEVICES = 3;
/** Longer than the off-delay of a device's own alarm, so that none of those who are back is told when the suppression ends. */
const BACK_FOR_MS = 5000;

export function createPlantSight(kernel: Pick<Kernel, 'alarms' | 'clock' | 'plant' | 'log'>): PlantSight {
  const { alarms, clock, plant } = kernel;
  let lost = false;
  let backSinceMs: number | null = null;
  alarms.define({
    kind: 'field.notVisible',
    priority: 1,
    title: 'Plant not visible',
    cause: 'Most devices fell silent at once: the control network, its supply, or the plant as a whole',
    consequence: 'Values are unknown and commands may not arrive; devices fall back to their own settings',
    action: 'Check the control room’s network and its supply first, then the plant’s; send somebody there with a radio',
    respondWithinS: 120,
  });

  const suppressAll = (why: string | null): void => {
    for (const device of plant.devices) alarms.suppress(device.id, why, 'device.silent');
  };

  return {
    visible: () => !lost,
    look(devices) {
      const silent = devices.filter((d) => d.state === 'silent').length;
      const nowMs = clock.monotonicMs();
      if (devices.length >= FEWEST_DEVICES && silent > devices.length * LOST_SHARE) {
        backSinceMs = null;
        if (!lost) {
          lost = true;
          kernel.log.warn('plant not visible', { silent, devices: devices.length });
          suppressAll('The plant as a whole is not visible');
        }
      } else if (lost && silent < Math.max(1, devices.length * BACK_SHARE)) {
        backSinceMs ??= nowMs;
        if (nowMs - backSinceMs >= BACK_FOR_MS) {
          lost = false;
          backSinceMs = null;
          kernel.log.info('plant visible again', { silent });
          suppressAll(null);
        }
      } else backSinceMs = null;
      if (lost) {
        alarms.raise('field.notVisible', 'plant', {
          sourceName: plant.name,
          page: 'devices',
          value: `${silent} of ${devices.length} devices silent`,
        });
      } else alarms.clear('field.notVisible', 'plant');
    },
  };
}
