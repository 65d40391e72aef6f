/** Plant, people and roles, connections with live test, market rules, appearance, about. */
import { Tabs } from '@mantine/core';
import { useMemo } from 'react';
import { bytes } from '../../app/format.ts';
import { useQuery } from '../../app/hooks.ts';
import { replaceRoute, useRoute } from '../../app/router.ts';
import { useSession } from '../../app/session.ts';
import { Facts } from '../../components/Facts.tsx';
import { Answer, Empty, PageFrame, Panel } from '../../components/Page.tsx';
import { Appearance } from './Appearance.tsx';
import { Connections } from './Connections.tsx';
import { LedgerTab } from './LedgerTab.tsx';
import { People } from './People.tsx';

const TABS = [
  ['plant', 'Plant'],
  ['people', 'People and roles'],
  ['connections', 'Connections'],
  ['market', 'Market rules'],
  ['ledger', 'Ledger'],
  ['appearance', 'Appearance and sound'],
  ['about', 'About'],
] as const;

export default function SettingsPage() {
  const { target } = useRoute();
  const tab = TABS.find(([id]) => id === target)?.[0] ?? 'plant';
  return (
    <PageFrame title="Settings">
      <Tabs value={tab} onChange={(v) => replaceRoute('settings', v)}>
        <Tabs.List aria-label="Settings">
          {TABS.map(([id, label]) => (
            <Tabs.Tab key={id} value={id}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="plant" pt="sm">
          <PlantFacts exclude="Market" />
        </Tabs.Panel>
        <Tabs.Panel value="people" pt="sm">
          <People />
        </Tabs.Panel>
        <Tabs.Panel value="connections" pt="sm">
          <Connections />
        </Tabs.Panel>
        <Tabs.Panel value="market" pt="sm">
          <PlantFacts only="Market" />
        </Tabs.Panel>
        <Tabs.Panel value="ledger" pt="sm">
          <LedgerTab />
        </Tabs.Panel>
        <Tabs.Panel value="appearance" pt="sm">
          <Appearance />
        </Tabs.Panel>
        <Tabs.Panel value="about" pt="sm">
          <About />
        </Tabs.Panel>
      </Tabs>
    </PageFrame>
  );
}

function PlantFacts({ only, exclude }: { only?: string; exclude?: string }) {
  const query = useQuery('settings.plant', {});
  const groups = useMemo(() => {
    const facts = query.data?.facts ?? [];
    return [...new Set(facts.map((f) => f.group))]
      .filter((g) => (only === undefined ? g !== exclude : g === only))
      .map((g) => ({ group: g, facts: facts.filter((f) => f.group === g) }));
  }, [query.data, only, exclude]);
  return (
    <Answer query={query} rows={8}>
      {(p) => (
        <div className="stack">
          {groups.length === 0 && (
            <Panel>
              <Empty what={only === 'Market' ? 'The plant file states no market rules.' : 'The plant file states nothing here.'} />
            </Panel>
          )}
          <div className="settings-grid">
            {groups.map((g) => (
              <Panel key={g.group} title={only === 'Market' ? 'Rules of the market' : g.group}>
                <Facts facts={g.facts.map((f) => [f.label, f.value])} />
              </Panel>
            ))}
            {only === undefined && (
              <Panel title="Files and disk">
                <Facts
                  facts={[
                    [
                      'Plant file',
                      <span key="f" className="mono">
                        {p.file}
                      </span>,
                    ],
                    [
                      'Data folder',
                      <span key="d" className="mono">
                        {p.dataFolder}
                      </span>,
                    ],
                    ['Disk used', `${bytes(p.diskUsedBytes)} of ${bytes(p.diskBudgetBytes)}`],
                  ]}
                />
                <div className="meter" aria-hidden="true">
                  <span style={{ width: `${Math.min(100, (p.diskUsedBytes / Math.max(1, p.diskBudgetBytes)) * 100)}%` }} />
                </div>
              </Panel>
            )}
          </div>
          <p className="dim small">
            {only === 'Market' ? 'Rules' : 'Plant data'} come from the plant file and change with it, at the next start.
          </p>
        </div>
      )}
    </Answer>
  );
}

function About() {
  const { version, host, plant } = useSession();
  const notices = useQuery('settings.notices', {});
  return (
    <div className="stack">
      <Panel title="Busbar">
        <Facts
          facts={[
            ['Version', version],
            ['Host', host === 'electron' ? 'desktop' : 'served to this browser'],
            ['Plant', plant.name],
            ['Licence', 'MIT'],
          ]}
        />
      </Panel>
      <Panel title="Third-party notices">
        <Answer query={notices} rows={6}>
          {(n) => (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
            <pre className="notices" tabIndex={0}>
              {n.text}
            </pre>
          )}
        </Answer>
      </Panel>
    </div>
  );
}
