/** Money of the development chain, for trying things out. */
import { NumberInput } from '@mantine/core';
import { useState } from 'react';
import type { CallOutput } from '../../../shared/contract/contract.ts';
import { useAct } from '../../app/hooks.ts';
import { useCurrency } from '../../app/session.ts';
import { Confirm } from '../../components/Confirm.tsx';
import { microCents } from './wallet-act.ts';

type Wallet = CallOutput<'wallet.get'>;

export function IssueDialog({ wallet, onClose }: { wallet: Wallet; onClose: () => void }) {
  const act = useAct('wallet.issueMoney');
  const currency = useCurrency();
  const [amount, setAmount] = useState<number | string>(50);
  const [answer, setAnswer] = useState<string | null>(null);
  const units = microCents(amount);
  return (
    <Confirm
      opened
      title={`Issue test money to ${wallet.name}`}
      confirmLabel={answer === null ? 'Issue' : 'Done'}
      busy={act.busy}
      fault={act.fault}
      disabled={units === 0}
      onClose={onClose}
      onConfirm={() => {
        if (answer !== null) onClose();
        else void act.run({ member: wallet.member, amount: String(units) }).then((done) => done !== null && setAnswer(done.message));
      }}
    >
      {answer !== null ? (
        <p role="status">{answer}</p>
      ) : (
        <>
          <p className="dim">Money of the development chain: it is worth nothing anywhere else.</p>
          <NumberInput label={`Amount in ${currency}`} min={0.01} decimalScale={4} value={amount} onChange={setAmount} />
        </>
      )}
    </Confirm>
  );
}
