/** What the contracts say of an act before it is confirmed, and what it will do. */
import type { LedgerCheck } from '../../shared/contract/ledger.ts';
import { Facts, State } from './Facts.tsx';

export function CheckResult({ check }: { check: LedgerCheck }) {
  return (
    <div role="status" className="stack">
      <State kind={check.possible ? 'good' : 'bad'}>{check.message}</State>
      {check.possible && (
        <>
          <strong>What it will do</strong>
          <ul className="dots">
            {check.effects.map((e) => (
              <li key={e}>{e}</li>
            ))}
          </ul>
          <Facts facts={[['Signed by', check.signedBy]]} />
        </>
      )}
    </div>
  );
}
