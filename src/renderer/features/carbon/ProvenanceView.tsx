/** From a certificate back to the readings it rests on, and its cancellation for a beneficiary. */
import { Button, Drawer, TextInput } from '@mantine/core';
import { useState } from 'react';
import { energy } from '../../app/format.ts';
import { useAct, useQuery } from '../../app/hooks.ts';
import { useMay } from '../../app/session.ts';
import { Confirm } from '../../components/Confirm.tsx';
import { Facts, Hash, State } from '../../components/Facts.tsx';
import { Answer } from '../../components/Page.tsx';
import { Table } from '../../components/Table.tsx';
import { Time } from '../../components/Time.tsx';
import { CertificateStateWord, OnChainWord } from './Ledger.tsx';

export function ProvenanceView({ id, onClose, onChanged }: { id: string; onClose: () => void; onChanged: () => void }) {
  const query = useQuery('carbon.provenance', { certificate: id });
  const cancel = useAct('carbon.cancelCertificate');
  const { may, why } = useMay('carbon.cancelCertificate');
  const [asking, setAsking] = useState(false);
  const [beneficiary, setBeneficiary] = useState('');
  return (
    <Drawer opened onClose={onClose} title={`Certificate ${id}`} size={720} closeButtonProps={{ 'aria-label': 'Close' }}>
      <Answer query={query} rows={8}>
        {({ certificate: c, steps, readings }) => (
          <div className="stack">
            <div className="row between">
              <span>
                {energy(c.energyWh, 3)} from {c.deviceName}, held by {c.holder}
              </span>
              <CertificateStateWord state={c.state} />
            </div>
            <div className="row">
              <OnChainWord onChain={c.onChain} />
              <span>{c.onChain.text}</span>
            </div>
            <ol className="provenance">
              {steps.map((s) => (
                <li key={s.title}>
                  <strong>{s.title}</strong>
                  <p>{s.text}</p>
                  <Facts
                    facts={s.evidence.map((e) => [
                      e.label,
                      e.value.length > 40 ? <Hash key={e.label} value={e.value} head={26} /> : e.value,
                    ])}
                  />
                </li>
              ))}
              <li>
                <strong>Readings</strong>
                <p>What the meter signed. Nothing stands before this.</p>
                <Table
                  caption="Readings"
                  dense
                  rows={readings}
                  keyOf={(r) => `${r.device}-${r.interval}`}
                  columns={[
                    { id: 'i', head: 'Interval', cell: (r) => r.interval },
                    { id: 'imp', head: 'Import register', align: 'right', cell: (r) => `${r.importWh} Wh` },
                    { id: 'exp', head: 'Export register', align: 'right', cell: (r) => `${r.exportWh} Wh` },
                    { id: 's', head: 'Seq.', align: 'right', cell: (r) => r.sequence },
                    {
                      id: 'sig',
                      head: 'Signature',
                      cell: (r) => (
                        <span className="row">
                          <State kind={r.signatureValid ? 'good' : 'bad'}>{r.signatureValid ? 'valid' : 'not valid'}</State>
                          <Hash value={r.signature} head={6} />
                        </span>
                      ),
                    },
                    { id: 't', head: 'Received', cell: (r) => <Time ms={r.receivedMs} /> },
                  ]}
                />
              </li>
            </ol>
            <div className="row">
              <Button
                disabled={!may || c.state !== 'active'}
                title={c.state === 'active' ? why : `A ${c.state} certificate cannot be cancelled.`}
                onClick={() => setAsking(true)}
              >
                Cancel for a beneficiary…
              </Button>
            </div>
            {asking && (
              <Confirm
                opened
                title="Cancel this certificate?"
                confirmLabel="Cancel the certificate"
                cancelLabel="Keep it"
                busy={cancel.busy}
                fault={cancel.fault}
                disabled={beneficiary.trim() === ''}
                onClose={() => setAsking(false)}
                onConfirm={() =>
                  void cancel.run({ certificate: id, beneficiary }).then((r) => {
                    if (r === null) return;
                    setAsking(false);
                    query.reload();
                    onChanged();
                  })
                }
              >
                <p>Its {energy(c.energyWh, 3)} are then used up for the beneficiary; nobody can sell or claim them again. This is final.</p>
                <p className="dim">
                  On the chain it is cut out of the round’s bundle, cancelled and claimed, as soon as nothing else waits in the outbox.
                  Everybody can then read that one meter of the round, not which, exported {energy(c.energyWh, 3)}; the beneficiary’s name
                  stays here.
                </p>
                <TextInput
                  label="Beneficiary"
                  required
                  value={beneficiary}
                  onChange={(e) => setBeneficiary(e.currentTarget.value)}
                  data-autofocus
                />
              </Confirm>
            )}
          </div>
        )}
      </Answer>
    </Drawer>
  );
}
