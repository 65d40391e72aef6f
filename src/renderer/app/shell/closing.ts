/**
 * Before the window closes, a dialog says what goes on and what stops. The desktop host asks that by itself. A browser shows only its own
 * question, so it asks just when an emergency shutdown is armed or running, and the console's dialog stands behind it.
 */
import { useCallback, useEffect, useRef } from 'react';
import { useTopic } from '../hooks.ts';
import { isDesktop } from '../transport.ts';

export function useClosingGuard(show: () => void): () => void {
  const phase = useTopic('emergency', {}, (e) => e.phase);
  const grave = phase === 'armed' || phase === 'acting';
  const leaving = useRef(false);
  useEffect(() => {
    const beforeUnload = (event: BeforeUnloadEvent) => {
      if (leaving.current || isDesktop() || !grave) return;
      event.preventDefault();
      show();
    };
    window.addEventListener('beforeunload', beforeUnload);
    return () => window.removeEventListener('beforeunload', beforeUnload);
  }, [grave, show]);
  return useCallback(() => {
    leaving.current = true;
    window.close();
  }, []);
}
