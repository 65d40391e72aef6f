/**
 * Pages are fetched when first shown, and the rest in idle moments: a page must open at once, and also when the host is gone, since then
 * its program could not be fetched any more.
 */
import { Button } from '@mantine/core';
import { type ComponentType, useEffect, useState } from 'react';
import { Loading } from '../../components/Page.tsx';
import { useLinkState } from '../hooks.ts';
import { PAGES, type Page } from '../router.ts';

const FETCH: Record<Page, () => Promise<{ default: ComponentType }>> = {
  overview: () => import('../../features/overview/OverviewPage.tsx'),
  grid: () => import('../../features/grid/GridPage.tsx'),
  balance: () => import('../../features/balance/BalancePage.tsx'),
  market: () => import('../../features/market/MarketPage.tsx'),
  settlement: () => import('../../features/settlement/SettlementPage.tsx'),
  carbon: () => import('../../features/carbon/CarbonPage.tsx'),
  devices: () => import('../../features/devices/DevicesPage.tsx'),
  participants: () => import('../../features/participants/ParticipantsPage.tsx'),
  alarms: () => import('../../features/alarms/AlarmsPage.tsx'),
  journal: () => import('../../features/journal/JournalPage.tsx'),
  settings: () => import('../../features/settings/SettingsPage.tsx'),
  emergency: () => import('../../features/emergency/EmergencyPage.tsx'),
};
const fetched = new Map<Page, ComponentType>();
const fetchPage = (page: Page): Promise<void> =>
  FETCH[page]().then((module) => {
    fetched.set(page, module.default);
  });

/** Emergency first: it is the page that may not wait. */
const IDLE_ORDER: readonly Page[] = ['emergency', 'alarms', ...PAGES.filter((p) => p !== 'emergency' && p !== 'alarms')];
const IDLE_AFTER_MS = 3000;

export function PageOutlet({ page }: { page: Page }) {
  const [, setVersion] = useState(0);
  const [failure, setFailure] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  const link = useLinkState().state;
  const known = fetched.has(page);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt, or the host's return, fetches again
  useEffect(() => {
    if (known) return;
    let alive = true;
    fetchPage(page).then(
      () => alive && setVersion((v) => v + 1),
      (error: unknown) => alive && setFailure(error instanceof Error ? error.message : String(error)),
    );
    return () => {
      alive = false;
    };
  }, [page, known, attempt, link]);
  useEffect(() => {
    const timer = setTimeout(() => {
      // One after another, so that nothing of the page in sight waits for them.
      void IDLE_ORDER.reduce(
        (before, p) => before.then(() => (fetched.has(p) ? undefined : fetchPage(p).catch(() => undefined))),
        Promise.resolve(),
      );
    }, IDLE_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  const Shown = fetched.get(page);
  if (Shown !== undefined) return <Shown />;
  if (failure === null)
    return (
      <div className="page">
        <Loading rows={6} />
      </div>
    );
  return (
    <div className="page">
      <div className="failure" role="alert">
        <p>This page was not fetched before the host stopped answering. It opens by itself when the host is back.</p>
        <p className="dim mono">{failure}</p>
        <Button onClick={() => setAttempt((a) => a + 1)}>Try again</Button>
      </div>
    </div>
  );
}
