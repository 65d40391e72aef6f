/** Switching, tagging and commanding. A switching act shows its effects, asks, and then says what was read back. */
import { NumberInput, SegmentedControl, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { CallOutput } from '../../../shared/contract/contract.ts';
import type { CommandOutcome, FacePlate } from '../../../shared/contract/grid.ts';
import { countdown } from '../../app/format.ts';
import { useAct, useNow, useTopic } from '../../app/hooks.ts';
import { Confirm } from '../../components/Confirm.tsx';
import { State } from '../../components/Facts.tsx';
import { FaultLine, Loading } from '../../components/Page.tsx';

export function Outcome({ outcome }: { outcome: CommandOutcome }) {
  const kind = outcome.state === 'verified' ? 'good' : outcome.state === 'unknown' ? 'wait' : 'bad';
  const word = { verified: 'Verified', mismatch: 'Mismatch', unknown: 'Not known', refused: 'Refused' }[outcome.state];
  return (
    <div className="outcome" role="status">
      <State kind={kind}>{word}</State>
      <span>{outcome.message}</span>
    </div>
  );
}

export function SwitchAct({ id, name, position, onDone }: { id: string; name: string; position: 'open' | 'closed'; onDone: () => void }) {
  const check = useAct('grid.checkSwitch');
  const operate = useAct('grid.switch');
  const [checked, setChecked] = useState<CallOutput<'grid.checkSwitch'> | null>(null);
  const [outcome, setOutcome] = useState<CommandOutcome | null>(null);
  const now = useNow(1000);
  const { run } = check;
  useEffect(() => {
    void run({ id, position }).then(setChecked);
  }, [run, id, position]);
  const verb = position === 'open' ? 'Open' : 'Close';
  const expired = checked !== null && now > checked.expiresMs;
  const blocked = checked !== null && checked.blockedBy.length > 0;
  return (
    <Confirm
      opened
      title={`${verb} ${name}?`}
      confirmLabel={outcome !== null ? 'Done' : expired ? 'Check again' : `${verb} now`}
      cancelLabel={outcome !== null ? 'Close' : 'Cancel'}
      busy={operate.busy || check.busy}
      fault={operate.fault ?? check.fault}
      disabled={outcome === null && (checked === null || blocked)}
      onClose={onDone}
      onConfirm={() => {
        if (outcome !== null) onDone();
        else if (expired) void run({ id, position }).then(setChecked);
        else if (checked !== null) void operate.run({ id, position, token: checked.token }).then(setOutcome);
      }}
    >
      {outcome !== null ? (
        <Outcome outcome={outcome} />
      ) : checked === null ? (
        check.fault === null && <Loading rows={3} />
      ) : (
        <>
          {blocked && (
            <div className="blocked" role="alert">
              <strong>Not possible now</strong>
              <ul>
                {checked.blockedBy.map((b) => (
                  <li key={b}>{b}</li>
                ))}
              </ul>
            </div>
          )}
          <div>
            <strong>What it will do</strong>
            <ul className="dots">
              {checked.effects.map((e) => (
                <li key={e}>{e}</li>
              ))}
            </ul>
          </div>
          <p className="dim">
            {expired
              ? 'The check has expired, because the plant may have changed since.'
              : `The check is good for ${countdown(checked.expiresMs - now)}.`}
          </p>
        </>
      )}
    </Confirm>
  );
}

export function TagAct({ id, name, onDone }: { id: string; name: string; onDone: () => void }) {
  const act = useAct('grid.tag');
  const [text, setText] = useState('');
  return (
    <Confirm
      opened
      title={`Hang a lock-out tag on ${name}`}
      confirmLabel="Hang the tag"
      busy={act.busy}
      fault={act.fault}
      disabled={text.trim().length < 3}
      onClose={onDone}
      onConfirm={() => void act.run({ id, text }).then((r) => r !== null && onDone())}
    >
      <p className="dim">Nobody can switch it from this console until the tag is removed. It does not lock the device itself.</p>
      <TextInput
        label="Why, and until when"
        required
        value={text}
        onChange={(e) => setText(e.currentTarget.value)}
        data-autofocus
        maxLength={200}
      />
    </Confirm>
  );
}
export function UntagAct({ tags, onDone }: { tags: FacePlate['tags']; onDone: () => void }) {
  const act = useAct('grid.untag');
  return (
    <Confirm
      opened
      title="Remove the lock-out tag?"
      confirmLabel="Remove"
      busy={act.busy}
      fault={act.fault}
      disabled={tags.length === 0}
      onClose={onDone}
      onConfirm={() => void Promise.all(tags.map((t) => act.run({ tag: t.id }))).then((r) => r.every((x) => x !== null) && onDone())}
    >
      {tags.map((t) => (
        <p key={t.id}>
          “{t.text}”, hung by {t.by}. Make sure that the work it protected is finished and that everyone is clear.
        </p>
      ))}
    </Confirm>
  );
}

export function UnitAct({ id, name, onDone }: { id: string; name: string; onDone: () => void }) {
  const mode = useTopic('grid', {}, (g) => g.units[id]?.mode) ?? 'auto';
  const setMode = useAct('control.setUnitMode');
  const setPower = useAct('control.setPower');
  const [wanted, setWanted] = useState<typeof mode>(mode);
  const [kw, setKw] = useState<number | string>(0);
  const [outcome, setOutcome] = useState<CommandOutcome | null>(null);
  const submit = async () => {
    if (outcome !== null) {
      onDone();
      return;
    }
    if (wanted !== mode && (await setMode.run({ unit: id, mode: wanted })) === null) return;
    if (wanted !== 'manual') {
      onDone();
      return;
    }
    setOutcome(await setPower.run({ unit: id, powerW: Math.round(Number(kw) * 1000) }));
  };
  return (
    <Confirm
      opened
      title={`Who commands ${name}?`}
      confirmLabel={outcome !== null ? 'Done' : 'Apply'}
      busy={setMode.busy || setPower.busy}
      fault={setMode.fault ?? setPower.fault}
      onClose={onDone}
      onConfirm={() => void submit()}
    >
      {outcome !== null ? (
        <Outcome outcome={outcome} />
      ) : (
        <>
          <SegmentedControl
            aria-label="Mode"
            fullWidth
            value={wanted}
            onChange={(v) => setWanted(v as typeof mode)}
            data={[
              { value: 'auto', label: 'Control functions' },
              { value: 'manual', label: 'Operator' },
              { value: 'passive', label: 'Nobody' },
            ]}
          />
          {wanted === 'manual' ? (
            <NumberInput
              label="Power in kW"
              description="Positive is consumption or charging, negative is generation or discharging. The device falls back to its safe value when the console stops renewing it."
              value={kw}
              onChange={setKw}
              decimalScale={1}
              step={1}
            />
          ) : (
            <p className="dim">
              {wanted === 'auto'
                ? 'The control functions set it every second and say why on the Balance page.'
                : 'No set-point is sent; the unit follows its own settings.'}
            </p>
          )}
        </>
      )}
      <FaultLine fault={null} />
    </Confirm>
  );
}
