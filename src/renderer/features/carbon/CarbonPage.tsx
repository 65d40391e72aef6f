/** Carbon: intensity now and its sources, the ledger, matching by hour, flow from source to use, and from any entry back to its readings. */
import { lazy, Suspense, useMemo } from 'react';
import { fixed } from '../../app/format.ts';
import { useQuery, useTopic } from '../../app/hooks.ts';
import { replaceRoute, useRoute } from '../../app/router.ts';
import { FlowChart, MatchingChart } from '../../charts/market-charts.tsx';
import { sourceColour } from '../../charts/tokens.ts';
import { Energy, Num, Plain, Watts } from '../../components/Num.tsx';
import { Answer, Empty, Loading, PageFrame, Panel } from '../../components/Page.tsx';
import { Table } from '../../components/Table.tsx';
import { Ledger } from './Ledger.tsx';
import { ProvenanceView } from './ProvenanceView.tsx';

/** Loaded with the page, not with the first screen of the console. */
const OnChain = lazy(() => import('./OnChain.tsx'));

export default function CarbonPage() {
  const summary = useQuery('carbon.summary', {}, { refreshMs: 10_000 });
  const { target } = useRoute();
  return (
    <PageFrame
      title="Carbon"
      about={
        summary.data && (
          <>
            Main grid factor {fixed(summary.data.factor.gPerKwh, 0)} g/kWh, {summary.data.factor.zone}. {summary.data.factor.source}
          </>
        )
      }
    >
      <Answer query={summary} rows={10}>
        {(s) => (
          <div className="carbon-grid">
            <Panel title="Intensity now" className="carbon-now">
              <Now summary={s} />
            </Panel>
            <Panel title="Certificates" className="carbon-totals">
              <dl className="tiles">
                <div>
                  <dt>Issued</dt>
                  <dd>
                    <Energy wh={s.issuedWh} decimals={1} />
                  </dd>
                </div>
                <div>
                  <dt>Held</dt>
                  <dd>
                    <Energy wh={s.heldWh} decimals={1} />
                  </dd>
                </div>
                <div>
                  <dt>Cancelled</dt>
                  <dd>
                    <Energy wh={s.cancelledWh} decimals={1} />
                  </dd>
                </div>
                <div>
                  <dt>Expiring soon</dt>
                  <dd>
                    <Energy wh={s.expiringWh} decimals={1} />
                  </dd>
                </div>
                <div>
                  <dt>Avoided</dt>
                  <dd>
                    <Plain text={fixed(s.avoidedGrams / 1000, 2)} unit="kg CO₂e" />
                  </dd>
                </div>
              </dl>
            </Panel>
            <Panel title="Matching by hour" note="certificates of the same hour against load, plant time" className="carbon-matching">
              <Matching hours={s.matching} />
            </Panel>
            <Panel title="From source to use" className="carbon-flow">
              <SourceFlow flow={s.flow} />
            </Panel>
            <Panel title="Ledger" className="carbon-ledger" flush note="open an entry to see where it comes from">
              <Ledger open={target} onOpen={(id) => replaceRoute('carbon', id)} />
            </Panel>
            <Suspense fallback={<Loading rows={6} />}>
              <OnChain />
            </Suspense>
          </div>
        )}
      </Answer>
      {target !== null && <ProvenanceView id={target} onClose={() => replaceRoute('carbon')} onChanged={summary.reload} />}
    </PageFrame>
  );
}

type Summary = import('../../../shared/contract/contract.ts').CallOutput<'carbon.summary'>;
function Now({ summary }: { summary: Summary }) {
  const live = useTopic('overview', {}, (o) => o.carbonNow.intensityGPerKwh);
  return (
    <div className="stack">
      <div className="big">
        {live === undefined ? (
          <Plain text={summary.intensityGPerKwh === null ? '—' : fixed(summary.intensityGPerKwh, 0)} unit="g/kWh" />
        ) : (
          <Num value={live} unit="g/kWh" />
        )}
        <span className="dim small"> CO₂ equivalent per kWh used</span>
      </div>
      {summary.mix.length === 0 ? (
        <Empty what="No source is feeding now." />
      ) : (
        <Table
          caption="Sources now"
          dense
          rows={summary.mix}
          keyOf={(m) => m.source}
          columns={[
            {
              id: 's',
              head: 'Source',
              cell: (m) => (
                <span className="row">
                  <span className="swatch" style={{ background: sourceColour(m.source) }} />
                  {m.source}
                </span>
              ),
            },
            { id: 'p', head: 'Power', align: 'right', cell: (m) => <Watts w={Math.abs(m.powerW)} />, sort: (m) => m.powerW },
            {
              id: 'f',
              head: 'Factor',
              align: 'right',
              cell: (m) => <Plain text={fixed(m.gPerKwh, 0)} unit="g/kWh" title={m.factorSource} />,
            },
          ]}
        />
      )}
    </div>
  );
}
function Matching({ hours }: { hours: Summary['matching'] }) {
  const total = useMemo(() => {
    const known = hours.filter((h) => h.percent !== null);
    const load = known.reduce((s, h) => s + h.loadWh, 0);
    return load === 0 ? null : known.reduce((s, h) => s + Math.min(h.renewableWh, h.loadWh), 0) / load;
  }, [hours]);
  if (hours.length === 0) return <Empty what="No full hour yet." how="One field appears for every hour in which load was measured." />;
  return (
    <>
      <p className="dim small">
        {total === null ? 'No load measured yet.' : `${fixed(total * 100, 0)} % of the load of these hours was matched in its own hour.`}
      </p>
      <MatchingChart hours={hours} height={300} />
    </>
  );
}
function SourceFlow({ flow }: { flow: Summary['flow'] }) {
  if (flow.length === 0) return <Empty what="No settled energy yet." how="Flows appear with the first settled round." />;
  return <FlowChart flows={flow} height={320} label="Energy from source to use" />;
}
