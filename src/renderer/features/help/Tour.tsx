/** One minute through the simulated plant, offered at the first start. Skipped by one key, shown again from Settings. */
import { Button } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { setPreferences } from '../../app/preferences.ts';
import { navigate, type Page } from '../../app/router.ts';

const STOPS: readonly { page: Page | null; title: string; text: string }[] = [
  {
    page: null,
    title: 'A one-minute tour?',
    text: 'This is a simulated village microgrid: 16 members, solar, wind, hydro, a battery and a diesel genset. Everything you see is measured from it over real protocols.',
  },
  {
    page: 'overview',
    title: 'Overview',
    text: 'Six bars tell whether the plant is well: the mark is the value, the lighter band is normal. “Attention” says in words what needs you, or that nothing does.',
  },
  {
    page: 'grid',
    title: 'Grid',
    text: 'The live one-line diagram. Select anything for its face-plate: values, trend, alarms, tags and acts. Every act shows its effect before, and says afterwards whether it was verified.',
  },
  {
    page: 'market',
    title: 'Market',
    text: 'Plant time runs faster than the clock: each 15-minute interval takes about half a minute here. Orders meet where the two curves cross.',
  },
  {
    page: 'settlement',
    title: 'Settlement',
    text: 'Each round is a story from readings to a receipt on the chain. “Verify again” checks all of it anew.',
  },
  {
    page: 'emergency',
    title: 'Emergency',
    text: 'One key away on every page: e. Choose, hold to arm, confirm. Try it with the drill switch on: nothing is opened then.',
  },
  {
    page: 'overview',
    title: 'Try a fault',
    text: 'The cap in the top bar starts training faults: lose the main grid, silence a meter, send a cloud. ? lists all keys.',
  },
];

export default function Tour({ onTraining }: { onTraining: () => void }) {
  const [stop, setStop] = useState(0);
  const here = STOPS[stop] ?? STOPS[0];
  const next = useRef<HTMLButtonElement>(null);
  const end = () => setPreferences({ tourSeen: true });
  useEffect(() => {
    if (stop > 0) next.current?.focus();
  }, [stop]);
  if (here === undefined) return null;
  const go = (to: number) => {
    const page = STOPS[to]?.page;
    if (page) navigate(page);
    setStop(to);
  };
  return (
    <aside className="tour" aria-label="Tour" aria-live="polite">
      <h2>{here.title}</h2>
      <p>{here.text}</p>
      <div className="row between">
        <span className="dim small">{stop === 0 ? 'about a minute' : `${stop} of ${STOPS.length - 1}`}</span>
        <span className="row">
          {stop < STOPS.length - 1 ? (
            <>
              <Button onClick={end}>{stop === 0 ? 'No, thanks' : 'End the tour'}</Button>
              <Button ref={next} variant="filled" onClick={() => go(stop + 1)}>
                {stop === 0 ? 'Start the tour' : 'Next'}
              </Button>
            </>
          ) : (
            <>
              <Button
                onClick={() => {
                  end();
                  onTraining();
                }}
              >
                Open training faults
              </Button>
              <Button ref={next} variant="filled" onClick={end}>
                Done
              </Button>
            </>
          )}
        </span>
      </div>
    </aside>
  );
}
