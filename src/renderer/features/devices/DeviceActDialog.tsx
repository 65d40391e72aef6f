/** A technician's act on a meter's registration on the chain: select, check, confirm. */
import { TextInput } from '@mantine/core';
import { useState } from 'react';
import type { DeviceChainAct } from '../../../shared/chain-act.ts';
import type { CallOutput } from '../../../shared/contract/contract.ts';
import { useAct, useEngine } from '../../app/hooks.ts';
import { ConfirmedChainAct } from '../../components/ConfirmedChainAct.tsx';

export type DeviceActKind = DeviceChainAct['kind'];
type Meter = NonNullable<CallOutput<'devices.onChain'>['meter']>;

const SHORT = /^[\x21-\x7e][\x20-\x7e]{0,30}$/;

export function DeviceActDialog({
  id,
  name,
  kind,
  meter,
  onClose,
}: {
  id: string;
  name: string;
  kind: DeviceActKind;
  meter: Meter;
  onClose: () => void;
}) {
  const { link } = useEngine();
  const act = useAct('devices.chainAct');
  const [first, setFirst] = useState('');
  const [second, setSecond] = useState('');
  const begins = meter.state !== 'maintenance';
  const wanted = actOf(kind, begins, first.trim(), second.trim());
  const input = wanted && { id, act: wanted };
  const field = (label: string, value: string, set: (v: string) => void, more: object = {}) => (
    <TextInput label={label} required value={value} onChange={(e) => set(e.currentTarget.value)} {...more} />
  );
  return (
    <ConfirmedChainAct
      title={titleOf(kind, begins, name)}
      wanted={input && JSON.stringify(input)}
      ask={() => link.call('devices.checkChainAct', input as { id: string; act: DeviceChainAct })}
      run={() => act.run(input as { id: string; act: DeviceChainAct })}
      busy={act.busy}
      fault={act.fault}
      onClose={onClose}
    >
      {kind === 'verify' && field('What was checked on site', first, setFirst, { 'data-autofocus': true })}
      {(kind === 'rotate-key' || kind === 'swap-device') &&
        field('What was checked on site (empty: a technician verifies it later)', first, setFirst, {
          required: false,
          'data-autofocus': true,
        })}
      {kind === 'retire' && field('Why it goes out of service', first, setFirst, { 'data-autofocus': true })}
      {kind === 'maintenance' && (
        <>
          {field('Work order (up to 31 plain characters)', first, setFirst, { 'data-autofocus': true })}
          <TextInput label="Next maintenance, if planned" type="date" value={second} onChange={(e) => setSecond(e.currentTarget.value)} />
        </>
      )}
      {kind === 'report-tamper' && (
        <>
          {field('Sign (such as cover, rollback, seal)', first, setFirst, { 'data-autofocus': true })}
          {field('What was seen, and where the evidence is kept', second, setSecond)}
        </>
      )}
      {kind === 'clear-tamper' && field('What the inspection found', first, setFirst, { 'data-autofocus': true })}
      {kind === 'firmware' && (
        <>
          {field('Version (up to 31 plain characters)', first, setFirst, { 'data-autofocus': true })}
          {field('SHA-256 of the signed image (64 hexadecimal digits)', second, setSecond, { classNames: { input: 'mono' } })}
        </>
      )}
    </ConfirmedChainAct>
  );
}

function titleOf(kind: DeviceActKind, begins: boolean, name: string): string {
  switch (kind) {
    case 'verify':
      return `Verify ${name} on the chain?`;
    case 'rotate-key':
      return `Enter the new key of ${name}?`;
    case 'swap-device':
      return `Install the device that stands at ${name} now?`;
    case 'retire':
      return `Take ${name} out of service on the chain?`;
    case 'maintenance':
      return begins ? `Put ${name} into maintenance on the chain?` : `End the maintenance of ${name} on the chain?`;
    case 'report-tamper':
      return `Report tampering at ${name}?`;
    case 'clear-tamper':
      return `Clear the tamper reports of ${name}?`;
    case 'firmware':
      return `Record the firmware of ${name}?`;
  }
}
function actOf(kind: DeviceActKind, begins: boolean, first: string, second: string): DeviceChainAct | null {
  const told = (text: string): boolean => text.length >= 3 && text.length <= 400;
  switch (kind) {
    case 'verify':
      return told(first) ? { kind, record: first } : null;
    case 'rotate-key':
    case 'swap-device':
      return first === '' || told(first) ? { kind, record: first === '' ? null : first } : null;
    case 'retire':
      return told(first) ? { kind, reason: first } : null;
    case 'maintenance': {
      const dueMs = second === '' ? null : Date.parse(`${second}T00:00:00Z`);
      return SHORT.test(first) && !Number.isNaN(dueMs) ? { kind, on: begins, dueMs, workOrder: first } : null;
    }
    case 'report-tamper':
      return SHORT.test(first) && told(second) ? { kind, sign: first, evidence: second } : null;
    case 'clear-tamper':
      return told(first) ? { kind, finding: first } : null;
    case 'firmware':
      return SHORT.test(first) && /^[0-9a-fA-F]{64}$/.test(second) ? { kind, version: first, imageHash: second } : null;
  }
}
