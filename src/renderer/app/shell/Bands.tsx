/** The quiet, permanent truth about what is real here: simulated plant, development keys, drill; and a link that is lost. */
import { span, utc } from '../format.ts';
import { useLinkState, useNow } from '../hooks.ts';
import { useSession } from '../session.ts';

export function Bands({ drill }: { drill: boolean }) {
  const { plant, developmentKeys, demo } = useSession();
  if (!plant.simulated && !developmentKeys && !drill) return null;
  return (
    <aside className="bands" aria-label="What is not real here">
      {drill && <span className="band drill">DRILL: nothing is switched, relays are only rehearsed</span>}
      {plant.simulated && (
        <span className="band">
          SIMULATED PLANT<span className="band-more">{demo ? ' a demo operator is signed in' : ''}</span>
        </span>
      )}
      {developmentKeys && (
        <span className="band">
          DEVELOPMENT KEYS<span className="band-more"> proofs and chain are for trying, not for money</span>
        </span>
      )}
    </aside>
  );
}

export function LostBand() {
  const { state, lastHeardMs } = useLinkState();
  if (state !== 'lost') return null;
  return (
    <div className="lost-band" role="alert">
      The engine stopped answering{lastHeardMs === null ? '' : ` at ${utc(lastHeardMs).slice(11, 19)} UTC`}. Values are frozen as they were
      then
      {lastHeardMs === null ? '' : <LostFor sinceMs={lastHeardMs} />}. Devices keep their own protection and fall back to safe set-points.
    </div>
  );
}
function LostFor({ sinceMs }: { sinceMs: number }) {
  return <>, {span(useNow(1000) - sinceMs)} ago</>;
}
