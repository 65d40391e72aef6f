/** Where something stands in the chain, and how far an entry is on its way there. */
import type { Sending } from '../../shared/contract/ledger.ts';
import { Hash, State } from './Facts.tsx';
import { Time } from './Time.tsx';

export function Evidence({ at }: { at: { transaction: string; block: number; timeMs: number | null } | null | undefined }) {
  if (!at) return <span className="dim">—</span>;
  return (
    <span className="evidence">
      <span className="nowrap">block {at.block}</span> <Hash value={at.transaction} head={8} />{' '}
      {at.timeMs !== null && (
        <span className="dim small">
          <Time ms={at.timeMs} kind="dayMinute" />
        </span>
      )}
    </span>
  );
}

const WORDS = { waiting: ['wait', 'Waits'], sent: ['work', 'Sent'], final: ['good', 'Final'], refused: ['bad', 'Refused'] } as const;
export function SendingState({ sending }: { sending: Pick<Sending, 'state' | 'error'> }) {
  const [kind, text] = WORDS[sending.state];
  return (
    <span>
      <State kind={kind}>{text}</State>
      {sending.error !== null && <span className="dim small block">{sending.error}</span>}
    </span>
  );
}
export const partyName = (party: { address: string; name: string | null }) => party.name ?? <Hash value={party.address} />;
