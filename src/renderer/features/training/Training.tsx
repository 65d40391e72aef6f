/** Faults on demand on the simulated plant: what a trainee should meet before it happens for real. */
import { Button, Drawer, NativeSelect, NumberInput } from '@mantine/core';
import { useState } from 'react';
import { countdown } from '../../app/format.ts';
import { useAct, useNow, useQuery, useTopic } from '../../app/hooks.ts';
import { useMay } from '../../app/session.ts';
import { Answer, Empty, FaultLine } from '../../components/Page.tsx';

export default function Training({ onClose }: { onClose: () => void }) {
  const list = useQuery('training.list', {});
  const live = useTopic('training');
  const inject = useAct('training.inject');
  const clear = useAct('training.clear');
  const { may, why } = useMay('training.inject');
  const now = useNow(1000);
  const [kind, setKind] = useState('');
  const [target, setTarget] = useState('');
  const [seconds, setSeconds] = useState<number | string>('');
  const faults = list.data?.faults ?? [];
  const fault = faults.find((f) => f.kind === kind) ?? faults[0];
  const chosen = fault?.targets.find((t) => t.id === target) ?? fault?.targets[0];
  const active = live?.active ?? list.data?.active ?? [];
  return (
    <Drawer opened onClose={onClose} title="Training faults" size={460} closeButtonProps={{ 'aria-label': 'Close' }}>
      <Answer query={list} rows={5}>
        {({ available }) =>
          !available || fault === undefined ? (
            <Empty what="This plant is not simulated." how="Faults can be started only on a simulated plant." />
          ) : (
            <div className="stack">
              <p className="dim">
                Only the simulated plant is affected. The console does not know that a fault is a training fault: it answers as it would to
                a real one.
              </p>
              <NativeSelect
                label="Fault"
                description={fault.description}
                value={fault.kind}
                onChange={(e) => {
                  setKind(e.currentTarget.value);
                  setTarget('');
                  setSeconds('');
                }}
                data={faults.map((f) => ({ value: f.kind, label: f.label }))}
              />
              {fault.targets.length > 1 && (
                <NativeSelect
                  label="Where"
                  value={chosen?.id ?? ''}
                  onChange={(e) => setTarget(e.currentTarget.value)}
                  data={fault.targets.map((t) => ({ value: t.id, label: t.label }))}
                />
              )}
              <NumberInput
                label="For how many seconds"
                min={1}
                max={3600}
                value={seconds === '' ? fault.defaultSeconds : seconds}
                onChange={setSeconds}
              />
              <FaultLine fault={inject.fault ?? clear.fault} />
              <div className="row">
                <Button
                  variant="filled"
                  disabled={!may || chosen === undefined}
                  title={why}
                  loading={inject.busy}
                  onClick={() =>
                    chosen !== undefined &&
                    void inject.run({
                      kind: fault.kind,
                      target: chosen.id,
                      seconds: Number(seconds === '' ? fault.defaultSeconds : seconds),
                    })
                  }
                >
                  Start the fault
                </Button>
              </div>
              <h3>Running now</h3>
              {active.length === 0 ? (
                <p className="dim">No training fault is running.</p>
              ) : (
                <ul className="stack">
                  {active.map((f) => (
                    <li key={f.id} className="row between">
                      <span>
                        <strong>{f.label}</strong>
                        <span className="dim block small">
                          {f.targetLabel}
                          {f.endsMs !== null && `, ends in ${countdown(f.endsMs - now)}`}
                        </span>
                      </span>
                      <Button disabled={!may} title={why} onClick={() => void clear.run({ id: f.id })}>
                        End it
                      </Button>
                    </li>
                  ))}
                </ul>
              )}
            </div>
          )
        }
      </Answer>
    </Drawer>
  );
}
