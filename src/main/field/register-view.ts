/** A device's registers as an engineer wants to see them: point, address, raw words, scaled value. Read on demand over the poll lane. */

import type { z } from 'zod';
import { decodeRow, rowSize } from '../../../drivers/modbus/device-profile.ts';
import type { ModbusLink } from '../../../drivers/modbus/link.ts';
import { describeFailure } from '../../../drivers/modbus/requests.ts';
import { decodeModel } from '../../../drivers/modbus/sunspec/codec.ts';
import type { RegisterRow } from '../../shared/contract/operations.ts';
import type { DeviceRuntime } from './device-runtime.ts';

export type Row = z.infer<typeof RegisterRow>;
export type RegisterRead = { kind: 'ok'; rows: Row[]; ms: number } | { kind: 'failed'; message: string };

const hex = (words: readonly number[]): string => words.map((w) => w.toString(16).padStart(4, '0').toUpperCase()).join(' ');

export async function readRegisters(device: DeviceRuntime): Promise<RegisterRead> {
  const link = device.link();
  const unit = device.address()?.unitId;
  if (!link || unit === undefined)
    return { kind: 'failed', message: `${device.spec.name} has no connection. Check its address and network.` };
  const started = performance.now();
  const rows = device.profile ? await profileRows(device, link, unit) : await modelRows(device, link, unit);
  return Array.isArray(rows) ? { kind: 'ok', rows, ms: performance.now() - started } : rows;
}

async function modelRows(device: DeviceRuntime, link: ModbusLink, unit: number): Promise<Row[] | { kind: 'failed'; message: string }> {
  const models = device.models();
  if (models.length === 0) {
    return {
      kind: 'failed',
      message: device.health().lastFailure ?? `${device.spec.name} has not shown its SunSpec map yet. Try again in a few seconds.`,
    };
  }
  const rows: Row[] = [];
  for (const model of models) {
    if (!model.layout) continue;
    const words: number[] = [];
    for (let at = 0; at < model.length + 2; at += 120) {
      const part = await link.read({ unit, table: 'holding', address: model.address + at, count: Math.min(120, model.length + 2 - at) });
      if (part.kind !== 'ok') return { kind: 'failed', message: describeFailure(part, device.spec.name) };
      words.push(...part.values);
    }
    const decoded = decodeModel(model.layout, words);
    for (const point of model.layout.points) {
      const value = decoded.get(point.path);
      if (!value || point.definition.type === 'pad' || point.definition.type === 'sunssf') continue;
      const shown = typeof value.value === 'bigint' ? value.value.toString() : value.value;
      rows.push({
        point: point.path,
        label: point.definition.label ?? point.path,
        model: `SunSpec ${model.id}`,
        address: model.address + point.offset,
        raw: hex(words.slice(point.offset, point.offset + point.definition.size)),
        value: shown,
        unit: value.units ?? '',
        quality: shown === null ? 'missing' : 'good',
        ageMs: 0,
        writable: point.definition.access === 'RW',
      });
    }
  }
  return rows;
}

async function profileRows(device: DeviceRuntime, link: ModbusLink, unit: number): Promise<Row[] | { kind: 'failed'; message: string }> {
  const rows: Row[] = [];
  for (const row of device.profile?.rows ?? []) {
    const part = await link.read({ unit, table: row.table, address: row.address, count: rowSize(row) });
    if (part.kind !== 'ok') return { kind: 'failed', message: describeFailure(part, device.spec.name) };
    const value = decodeRow(row, part.values);
    rows.push({
      point: row.name,
      label: row.label,
      model: `${device.profile?.id ?? ''} · ${row.table}`,
      address: row.address,
      raw: row.type === 'bit' ? String(part.values[0]) : hex(part.values),
      value,
      unit: row.unit ?? '',
      quality: value === null ? 'missing' : 'good',
      ageMs: 0,
      writable: row.access === 'RW',
    });
  }
  return rows;
}
