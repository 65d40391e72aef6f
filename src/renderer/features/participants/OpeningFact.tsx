/** Whether a member has what it needs to leave by itself: its opening of the newest settled round, in its gateway's own store. */
import type { CallOutput } from '../../../shared/contract/contract.ts';
import { utc } from '../../app/format.ts';
import { State } from '../../components/Facts.tsx';
import { Ago, PlantTime } from '../../components/Time.tsx';

type Opening = CallOutput<'participants.list'>[number]['opening'];

const STATE = {
  'no-key': ['off', 'No sealing key'],
  none: ['wait', 'No round yet'],
  sent: ['work', 'On its way'],
  kept: ['good', 'Delivered'],
  refused: ['bad', 'Refused'],
} as const;
const WHY = {
  'no-key':
    'It has no sealing key: it cannot receive its opening. Its gateway names one when it is online and its meter has shown its key.',
  none: 'Its first opening comes with the next settled round.',
  sent: 'The newest opening waits for its gateway.',
  kept: 'Its gateway has checked and kept the newest opening: it can leave without the operator.',
  refused: 'Its gateway refuses the newest opening.',
} as const;

/** In the list: the interval of the one delivered; `whole`: with the time and what it means. */
export function OpeningFact({ opening, whole = false }: { opening: Opening; whole?: boolean }) {
  const { state, reason, delivered } = opening;
  const [kind, label] = STATE[state];
  return (
    <>
      <span title={`${reason ?? WHY[state]}${delivered === null ? '' : `\nLast delivered at ${utc(delivered.atMs)}.`}`}>
        {state === 'kept' && !whole ? (
          <State kind={kind}>{delivered === null ? label : <PlantTime ms={delivered.startMs} kind="minute" />}</State>
        ) : (
          <State kind={kind}>{label}</State>
        )}
      </span>
      {whole && delivered !== null && (
        <span className="dim small">
          {' '}
          last delivered: interval <PlantTime ms={delivered.startMs} kind="dayMinute" />, <Ago ms={delivered.atMs} />
        </span>
      )}
      {whole && state !== 'kept' && <p className="dim small">{reason === null ? WHY[state] : `${reason}.`}</p>}
    </>
  );
}
