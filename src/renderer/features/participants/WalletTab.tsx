/** A member's account on the chain: what it holds, its money in the settlement, what is under way, transfers. Trade has a page of its own. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { useQuery } from '../../app/hooks.ts';
import { hrefOf } from '../../app/router.ts';
import { useCurrency, useMay } from '../../app/session.ts';
import { Answer } from '../../components/Page.tsx';
import { IssueDialog } from './IssueDialog.tsx';
import { mayActOf } from './may-act.ts';
import { SettlementMoney } from './SettlementMoney.tsx';
import { WalletDialog } from './WalletDialog.tsx';
import { Holdings, Transactions, Transfers } from './WalletParts.tsx';
import { waitsFor } from './waits.ts';
import type { Start } from './wallet-act.ts';

export function WalletTab({ member }: { member: string }) {
  const query = useQuery('wallet.get', { member }, { refreshMs: 2000 });
  const [start, setStart] = useState<Start | null>(null);
  const [issuing, setIssuing] = useState(false);
  const currency = useCurrency();
  const act = useMay('wallet.act');
  const issue = useMay('wallet.issueMoney');
  return (
    <Answer query={query} rows={6}>
      {(w) => {
        const { may, why } = mayActOf(w, act);
        const waits = waitsFor(w, currency).length;
        return (
          <div className="stack">
            <Holdings w={w} />
            <div className="row wrap">
              <Button component="a" variant="filled" href={hrefOf('participants', member, { view: 'trades' })}>
                {waits === 0 ? 'Trades' : `Trades: ${waits} ${waits === 1 ? 'thing waits' : 'things wait'}`}
              </Button>
              <Button disabled={!may} title={why} onClick={() => setStart({ kind: 'transfer' })}>
                Transfer…
              </Button>
              <Button disabled={!issue.may || !may} title={issue.may ? why : issue.why} onClick={() => setIssuing(true)}>
                Issue test money…
              </Button>
            </div>
            <SettlementMoney w={w} may={may} why={why} open={setStart} />
            <Transactions w={w} />
            <Transfers w={w} />
            {start && <WalletDialog wallet={w} start={start} onClose={() => setStart(null)} />}
            {issuing && <IssueDialog wallet={w} onClose={() => setIssuing(false)} />}
          </div>
        );
      }}
    </Answer>
  );
}
