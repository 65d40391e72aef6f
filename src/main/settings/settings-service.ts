/** Settings page: what the plant file says, where things lie, connections with a live test, notices of what others made. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import type { PartialHandlers } from '../../shared/contract/contract.ts';
import type { ConnectionInfo } from '../../shared/contract/operations.ts';
import type { Kernel } from '../kernel/ports.ts';

type Connection = z.infer<typeof ConnectionInfo>;

export interface SettingsDeps {
  readonly plantFile: string;
  readonly rootDir: string;
  readonly diskBudgetBytes: number;
  readonly connections: () => Connection[];
  readonly test: (id: Connection['id']) => Promise<{ ok: boolean; ms: number; message: string }>;
}

export function createSettingsHandlers(kernel: Kernel, deps: SettingsDeps): PartialHandlers {
  const p = kernel.plant;
  const kw = (w: number) => `${(w / 1000).toLocaleString('en-GB')} kW`;
  const ct = (milliCents: number) => `${(milliCents / 1000).toFixed(2)} ct/kWh`;
  const facts = [
    { group: 'Plant', label: 'Name', value: p.name },
    { group: 'Plant', label: 'Nominal', value: `${p.nominal.frequencyHz} Hz, ${p.nominal.voltageV} V` },
    { group: 'Plant', label: 'Time zone', value: p.timeZone },
    { group: 'Plant', label: 'Devices', value: String(p.devices.length) },
    { group: 'Plant', label: 'Members', value: String(p.members.length) },
    { group: 'Limits', label: 'Import at the interconnection', value: kw(p.limits.importMaxW) },
    { group: 'Limits', label: 'Export at the interconnection', value: kw(p.limits.exportMaxW) },
    { group: 'Limits', label: 'Voltage', value: `${p.limits.voltageMinPu} to ${p.limits.voltageMaxPu} pu` },
    { group: 'Limits', label: 'Frequency', value: `${p.limits.frequencyMinHz} to ${p.limits.frequencyMaxHz} Hz` },
    { group: 'Limits', label: 'Trip profile', value: `${p.tripProfile.id} (${p.tripProfile.source})` },
    { group: 'Market', label: 'Interval', value: `${p.market.intervalMs / 60_000} min` },
    { group: 'Market', label: 'Orders close before the gate', value: `${p.market.ordersCloseBeforeGateMs / 60_000} min` },
    { group: 'Market', label: 'Gate closes before delivery', value: `${p.market.gateClosesBeforeEndMs / 60_000} min` },
    {
      group: 'Market',
      label: 'Price rule',
      value: 'one price per interval: the middle of all market-clearing prices, rounded down; pro rata at the margin',
    },
    { group: 'Market', label: 'Energy bought short is charged at', value: ct(p.market.importTariffMilliCentsPerKwh) },
    { group: 'Market', label: 'Energy delivered in excess is paid', value: ct(p.market.feedInTariffMilliCentsPerKwh) },
    { group: 'Control', label: 'Cycle', value: `${p.control.cycleMs} ms` },
    { group: 'Control', label: 'Peak import', value: kw(p.control.peakImportW) },
    { group: 'Control', label: 'State of charge', value: `${p.control.batterySocMinPercent} to ${p.control.batterySocMaxPercent} %` },
    { group: 'Control', label: 'Set-points revert after', value: `${p.control.setpointRevertS} s` },
    { group: 'Carbon', label: 'Main grid', value: `${p.carbon.gridIntensityGPerKwh} g/kWh, ${p.carbon.zone} (${p.carbon.source})` },
  ];
  return {
    'settings.plant': () => ({
      file: deps.plantFile,
      facts,
      dataFolder: kernel.dataDir,
      diskBudgetBytes: deps.diskBudgetBytes,
      diskUsedBytes: kernel.historian.usedBytes(),
    }),
    'settings.connections': () => deps.connections(),
    'settings.testConnection': ({ id }) => deps.test(id),
    'settings.notices': () => ({ text: readNotices(deps.rootDir) }),
  };
}

function readNotices(rootDir: string): string {
  try {
    return readFileSync(join(rootDir, 'THIRD-PARTY-NOTICES.md'), 'utf8');
  } catch {
    return 'The file THIRD-PARTY-NOTICES.md is missing from this installation. Install it again to read the notices.';
  }
}
