/** From the link to the right screen: connecting, sign-in, first supervisor, lock, or the shell with its pages. */
import { useEffect, useRef } from 'react';
import { Failure } from '../components/Page.tsx';
import { FirstSupervisor, LockScreen, SignIn } from './Entry.tsx';
import { forgetQueries, useEngine, useLinkState, useQuery, useTopic } from './hooks.ts';
import { SessionProvider } from './session.ts';
import { Shell } from './shell/Shell.tsx';

export function App() {
  const linkState = useLinkState();
  const { live } = useEngine();
  const asked = useQuery('session.get', {});
  const pushed = useTopic('session');
  const session = pushed ?? asked.data;
  useEffect(() => {
    document.documentElement.dataset.link = linkState.state;
  }, [linkState.state]);
  const who = session === undefined ? undefined : (session.person?.id ?? 'nobody');
  const before = useRef(who);
  if (before.current !== who) {
    // What one person may see is not shown to the next.
    if (before.current !== undefined) forgetQueries();
    before.current = who;
  }
  useEffect(() => {
    if (who === 'nobody') live.clear();
  }, [who, live]);

  if (session === undefined) {
    if (asked.kind === 'error') return <Opening>{<Failure fault={asked.fault} retry={asked.reload} />}</Opening>;
    return (
      <Opening>
        {linkState.state === 'lost'
          ? 'The engine does not answer. This window connects by itself as soon as it does.'
          : 'Connecting to the engine…'}
      </Opening>
    );
  }
  return (
    <SessionProvider value={session}>
      {session.needsFirstSupervisor ? (
        <FirstSupervisor />
      ) : session.person === null ? (
        <SignIn />
      ) : session.locked ? (
        <LockScreen />
      ) : (
        <Shell />
      )}
    </SessionProvider>
  );
}

function Opening({ children }: { children: React.ReactNode }) {
  return (
    <main className="entry" aria-live="polite">
      <div className="entry-card">
        <Mark />
        <div className="dim">{children}</div>
      </div>
    </main>
  );
}

export function Mark() {
  return (
    <div className="mark">
      <svg width="34" height="34" viewBox="0 0 32 32" aria-hidden="true">
        <path d="M4 9h24" stroke="var(--text)" strokeWidth="3" strokeLinecap="round" />
        <path d="M9 9v14M16 9v5M16 19v4M23 9v14M16 19l4.2-4.4" stroke="var(--accent)" strokeWidth="2.4" strokeLinecap="round" fill="none" />
      </svg>
      <span>Busbar</span>
    </div>
  );
}
