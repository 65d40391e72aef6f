/** Rounds, newest first; opening one leads to its settlement. */
import type { RoundSummary } from '../../../shared/contract/exchange.ts';
import { navigate } from '../../app/router.ts';
import { State } from '../../components/Facts.tsx';
import { Energy, Price } from '../../components/Num.tsx';
import { type Column, Table } from '../../components/Table.tsx';
import { PlantTime } from '../../components/Time.tsx';

export const ROUND_STATE: Record<RoundSummary['state'], readonly ['good' | 'work' | 'wait' | 'bad', string]> = {
  open: ['wait', 'Open'],
  committed: ['work', 'Book frozen'],
  cleared: ['work', 'Cleared'],
  metered: ['work', 'Metered'],
  proving: ['work', 'Being proven'],
  proven: ['wait', 'Proven'],
  sent: ['work', 'Sent'],
  settled: ['good', 'Settled'],
  failed: ['bad', 'Failed'],
};
export function RoundState({ state }: { state: RoundSummary['state'] }) {
  const [kind, word] = ROUND_STATE[state];
  return <State kind={kind}>{word}</State>;
}

const COLUMNS: readonly Column<RoundSummary>[] = [
  {
    id: 'interval',
    head: 'Interval',
    cell: (r) => (
      <>
        <PlantTime ms={r.startMs} kind="dayMinute" />
        <span className="dim small"> {r.interval}</span>
      </>
    ),
    sort: (r) => r.interval,
  },
  { id: 'price', head: 'Price', align: 'right', cell: (r) => <Price value={r.price} />, sort: (r) => r.price ?? -1 },
  { id: 'traded', head: 'Traded', align: 'right', cell: (r) => <Energy wh={r.tradedWh} />, sort: (r) => r.tradedWh },
  { id: 'orders', head: 'Orders', align: 'right', cell: (r) => r.orders, sort: (r) => r.orders },
  {
    id: 'state',
    head: 'State',
    cell: (r) => (
      <span title={r.message ?? undefined}>
        <RoundState state={r.state} />
      </span>
    ),
    sort: (r) => r.state,
  },
];
const COMPACT = COLUMNS.filter((c) => c.id !== 'orders' && c.id !== 'traded');
export function RoundsTable({
  rounds,
  maxHeight,
  openKey,
  onOpen,
  compact = false,
}: {
  rounds: readonly RoundSummary[];
  maxHeight?: number | string;
  openKey?: string | null;
  onOpen?: (r: RoundSummary) => void;
  compact?: boolean;
}) {
  return (
    <Table
      caption="Rounds"
      columns={compact ? COMPACT : COLUMNS}
      rows={rounds}
      keyOf={(r) => String(r.interval)}
      dense
      maxHeight={maxHeight}
      openKey={openKey}
      onOpen={onOpen ?? ((r) => navigate('settlement', String(r.interval)))}
    />
  );
}
