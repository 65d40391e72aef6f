/** A round is a story read left to right: readings → orders → admission → price → delivery → proof → transaction → receipt. */
import { Tabs } from '@mantine/core';
import { useMemo, useRef } from 'react';
import { useTopic } from '../../app/hooks.ts';
import { replaceRoute, useRoute } from '../../app/router.ts';
import { Empty, Loading, PageFrame, Panel } from '../../components/Page.tsx';
import { RoundsTable } from '../market/RoundsTable.tsx';
import { Outbox } from './Outbox.tsx';
import { RoundView } from './RoundView.tsx';

const TOLD: readonly string[] = ['metered', 'proving', 'proven', 'sent', 'settled', 'failed'];

export default function SettlementPage() {
  const { target, params } = useRoute();
  const first = useRef<number | null>(null);
  const rounds = useTopic('rounds', {}, (r) => r.rounds.filter((x) => x.state !== 'open'));
  const interval = useMemo(() => {
    const wanted = target === null ? Number.NaN : Number(target);
    if (Number.isInteger(wanted)) return wanted;
    // The newest round with a story to tell; it stays while others arrive, so that the page does not change under the reader.
    const known = rounds?.some((r) => r.interval === first.current) ?? false;
    if (!known) first.current = (rounds?.find((r) => TOLD.includes(r.state)) ?? rounds?.[0])?.interval ?? null;
    return first.current;
  }, [target, rounds]);
  const tab = params.tab === 'outbox' ? 'outbox' : 'rounds';
  return (
    <PageFrame title="Settlement" about="What was metered is proven against what was traded, and the proof is written to the chain.">
      <Tabs value={tab} onChange={(v) => replaceRoute('settlement', target, { tab: v === 'outbox' ? 'outbox' : undefined })}>
        <Tabs.List aria-label="Settlement">
          <Tabs.Tab value="rounds">Rounds</Tabs.Tab>
          <Tabs.Tab value="outbox">
            Outbox <OutboxCount />
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="rounds" pt="sm">
          {rounds === undefined ? (
            <Loading rows={6} />
          ) : rounds.length === 0 || interval === null ? (
            <Panel>
              <Empty what="No round has been settled yet." how="The first story begins when the running market interval ends." />
            </Panel>
          ) : (
            <div className="settlement-grid">
              <Panel title="Rounds" flush className="settlement-list">
                <RoundsTable
                  compact
                  rounds={rounds}
                  openKey={String(interval)}
                  onOpen={(r) => replaceRoute('settlement', String(r.interval))}
                  maxHeight="calc(100vh - 300px)"
                />
              </Panel>
              <RoundView key={interval} interval={interval} />
            </div>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="outbox" pt="sm">
          <Outbox />
        </Tabs.Panel>
      </Tabs>
    </PageFrame>
  );
}

function OutboxCount() {
  const waiting = useTopic('status', {}, (s) => s.chain.waiting);
  return waiting ? <span className="rail-count">{waiting} waiting</span> : null;
}
