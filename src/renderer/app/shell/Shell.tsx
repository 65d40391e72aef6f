/** The frame around every page. The content scrolls, the frame never does. */
import { lazy, memo, Suspense, useCallback, useDeferredValue, useEffect, useState } from 'react';
import { useAct, useEngine, useTopic } from '../hooks.ts';
import { useShellKeys } from '../keyboard.ts';
import { getPreferences, setPreferences, usePreferences } from '../preferences.ts';
import { RouteProvider, useLiveRoute, useRoute } from '../router.ts';
import { useSession } from '../session.ts';
import { useAlarmSound } from '../sound.ts';
import { isDesktop } from '../transport.ts';
import { Bands, LostBand } from './Bands.tsx';
import { Boundary } from './Boundary.tsx';
import { useClosingGuard } from './closing.ts';
import { PageOutlet } from './PageOutlet.tsx';
import { Rail } from './Rail.tsx';
import { Strip } from './Strip.tsx';
import { TopBar } from './TopBar.tsx';

const Help = lazy(() => import('../../features/help/Help.tsx'));
const Tour = lazy(() => import('../../features/help/Tour.tsx'));
const Training = lazy(() => import('../../features/training/Training.tsx'));
const Closing = lazy(() => import('../../features/help/Closing.tsx'));

export function Shell() {
  const { plant } = useSession();
  const { live } = useEngine();
  const acknowledge = useAct('alarms.acknowledge');
  const lock = useAct('session.lock');
  const drill = useTopic('status', {}, (s) => s.drill) ?? false;
  const [help, setHelp] = useState(false);
  const [training, setTraining] = useState(false);
  const [closing, setClosing] = useState(false);
  const [goWaiting, setGoWaiting] = useState(false);
  const { tourSeen } = usePreferences();
  useAlarmSound();
  const showClosing = useCallback(() => (isDesktop() ? window.close() : setClosing(true)), []);
  const leave = useClosingGuard(showClosing);
  useShellKeys(
    {
      help: () => setHelp((h) => !h),
      acknowledge: () => {
        const first = live.topic('status', {}).get()?.alarms.strip[0];
        if (first !== undefined) void acknowledge.run({ ids: [first.id] });
      },
      acknowledgeAll: () => {
        const ids =
          live
            .topic('status', {})
            .get()
            ?.alarms.strip.map((s) => s.id) ?? [];
        if (ids.length > 0) void acknowledge.run({ ids });
      },
      mute: () => {
        const { mutedUntilMs } = getPreferences();
        setPreferences({ mutedUntilMs: mutedUntilMs !== null && mutedUntilMs > Date.now() ? null : Date.now() + 600_000 });
      },
      lock: () => void lock.run({}),
      training: () => plant.simulated && setTraining(true),
    },
    setGoWaiting,
  );
  const { page } = useRoute();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a dialog of the frame closes when another page is shown
  useEffect(() => {
    setHelp(false);
    setTraining(false);
    setClosing(false);
  }, [page]);
  const openHelp = useCallback(() => setHelp(true), []);
  const openTraining = useCallback(() => setTraining(true), []);
  return (
    <div className="shell">
      <button type="button" className="skip" onClick={skip}>
        Skip to the page
      </button>
      <Bands drill={drill} />
      <LostBand />
      <TopBar onHelp={openHelp} onTraining={openTraining} onClosing={showClosing} />
      <Rail />
      <Content />
      <Strip acknowledge={acknowledge} />
      {goWaiting && (
        <div className="go-hint" role="status">
          Go to: o overview · g grid · b balance · m market · s settlement · c carbon · d devices · p participants · a alarms · j journal ·
          t settings
        </div>
      )}
      <Suspense fallback={null}>
        {help && <Help onClose={() => setHelp(false)} />}
        {training && <Training onClose={() => setTraining(false)} />}
        {closing && <Closing onClose={() => setClosing(false)} onLeave={leave} />}
        {plant.simulated && !tourSeen && <Tour onTraining={openTraining} />}
      </Suspense>
    </div>
  );
}

function skip() {
  document.getElementById('content')?.focus();
}

const Content = memo(function Content() {
  const route = useDeferredValue(useLiveRoute());
  const { page } = route;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page begins at its top
  useEffect(() => {
    document.getElementById('content')?.scrollTo(0, 0);
  }, [page]);
  return (
    <main id="content" className="content" tabIndex={-1}>
      <Boundary key={page}>
        <RouteProvider value={route}>
          <PageOutlet page={page} />
        </RouteProvider>
      </Boundary>
    </main>
  );
});
