/** Level 2: the live topology as a one-line diagram or a table, with layers, search, and a face-plate for whatever is selected. */
import { ActionIcon, SegmentedControl } from '@mantine/core';
import { IconArrowsMaximize, IconMinus, IconPlus } from '@tabler/icons-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { GridTopology } from '../../../shared/contract/grid.ts';
import { useQuery, useTopic } from '../../app/hooks.ts';
import { replaceRoute, useRoute } from '../../app/router.ts';
import { Num, Price } from '../../components/Num.tsx';
import { Answer, Empty, PageFrame } from '../../components/Page.tsx';
import { FacePlatePanel } from './FacePlatePanel.tsx';
import { GridTable } from './GridTable.tsx';
import { LAYERS, type Layer } from './layers.ts';
import { layoutGrid } from './layout.ts';
import { OneLine } from './OneLine.tsx';
import { usePanZoom } from './use-pan-zoom.ts';

export default function GridPage() {
  const topology = useQuery('grid.topology', {});
  const { target, params } = useRoute();
  const layer = (LAYERS.find((l) => l.value === params.layer)?.value ?? 'flow') as Layer;
  const table = params.view === 'table';
  const put = useCallback(
    (change: { target?: string | null; layer?: string; view?: string }) => {
      const next = { target, layer: params.layer, view: params.view, ...change };
      replaceRoute('grid', next.target, {
        layer: next.layer === 'flow' ? undefined : next.layer,
        view: next.view === 'table' ? 'table' : undefined,
      });
    },
    [target, params.layer, params.view],
  );
  const select = useCallback((id: string) => put({ target: id === target ? null : id }), [put, target]);
  const close = useCallback(() => put({ target: null }), [put]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && document.querySelector('[role="dialog"]') === null) close();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [close]);
  return (
    <PageFrame
      title="Grid"
      about={<GridNote layer={layer} />}
      actions={
        <>
          {topology.data && <Search topology={topology.data} onFound={(id) => put({ target: id })} />}
          <SegmentedControl
            aria-label="Layer"
            value={layer}
            onChange={(v) => put({ layer: v })}
            data={LAYERS.map(({ value, label }) => ({ value, label }))}
          />
          <SegmentedControl
            aria-label="View"
            value={table ? 'table' : 'diagram'}
            onChange={(view) => put({ view })}
            data={[
              { value: 'diagram', label: 'Diagram' },
              { value: 'table', label: 'Table' },
            ]}
          />
        </>
      }
    >
      <div className="grid-page">
        <div className="panel grid-main">
          <Answer query={topology} height={500}>
            {(t) =>
              t.buses.length === 0 ? (
                <Empty
                  what="The plant file names no buses."
                  how="The one-line diagram appears here when the plant file describes the grid. See Settings, plant."
                />
              ) : table ? (
                <GridTable topology={t} openKey={target} onOpen={select} />
              ) : (
                <Diagram topology={t} layer={layer} selected={target} onSelect={select} />
              )
            }
          </Answer>
        </div>
        {target !== null && <FacePlatePanel key={target} id={target} onClose={close} />}
      </div>
    </PageFrame>
  );
}

function GridNote({ layer }: { layer: Layer }) {
  const solved = useTopic('grid', {}, (g) => ({ ok: g.converged, message: g.message }));
  const price = useTopic('market', {}, (m) => m.indicative.price);
  if (solved !== undefined && !solved.ok) return <>Power flow not solved: {solved.message ?? 'values between meters are unknown'}</>;
  if (layer === 'price')
    return (
      <>
        Price everywhere <Price value={price} />: the market clears without bottlenecks between buses
      </>
    );
  return <>{LAYERS.find((l) => l.value === layer)?.about}. ~ is computed, not measured</>;
}

function Diagram({
  topology,
  layer,
  selected,
  onSelect,
}: {
  topology: GridTopology;
  layer: Layer;
  selected: string | null;
  onSelect: (id: string) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const layout = useMemo(() => layoutGrid(topology), [topology]);
  const { view, fitAll, zoom, centreOn } = usePanZoom(box, layout.width, layout.height);
  const shown = useRef(false);
  const loss = useTopic('grid', {}, (g) => ({ w: g.totalLossW, timeMs: g.timeMs }));
  // Selected by name or from another page: bring it into sight.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the selection changes
  useEffect(() => {
    // The first view shows everything; there is nothing to bring into sight yet.
    const first = !shown.current;
    shown.current = true;
    if (first || selected === null || box.current === null) return;
    const on = topology.switches.find((s) => s.id === selected)?.on.id ?? selected;
    const unit = layout.units.get(on);
    const bus = layout.buses.get(on);
    const branch = layout.branches.get(on);
    const [x, y] =
      unit !== undefined ? [unit.x, unit.busY + 80] : bus !== undefined ? [bus.x1, bus.y1] : (branch?.switchAt ?? [null, null]);
    if (x === null || y === null) return;
    const size = box.current.getBoundingClientRect();
    const sx = view.x + x * view.scale;
    const sy = view.y + y * view.scale;
    if (sx < 20 || sy < 20 || sx > size.width - 40 || sy > size.height - 40) centreOn(x, y);
  }, [selected]);
  return (
    <div className="diagram freezes">
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms */}
      <div
        ref={box}
        className="diagram-box"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrows pan and + and − zoom when it has the focus
        tabIndex={0}
        role="group"
        aria-label="One-line diagram. Arrow keys pan, plus and minus zoom, 0 fits, Tab goes through the elements."
      >
        <svg width="100%" height="100%" aria-hidden={false}>
          <title>One-line diagram</title>
          <g transform={`translate(${view.x} ${view.y}) scale(${view.scale})`}>
            <OneLine topology={topology} layout={layout} layer={layer} selected={selected} onSelect={onSelect} />
          </g>
        </svg>
      </div>
      <div className="diagram-tools">
        <ActionIcon aria-label="Zoom in" variant="default" onClick={() => zoom(1.25)}>
          <IconPlus size={18} />
        </ActionIcon>
        <ActionIcon aria-label="Zoom out" variant="default" onClick={() => zoom(0.8)}>
          <IconMinus size={18} />
        </ActionIcon>
        <ActionIcon aria-label="Fit the diagram" variant="default" onClick={fitAll}>
          <IconArrowsMaximize size={18} />
        </ActionIcon>
      </div>
      <div className="diagram-key legend">
        <span>
          <svg width="34" height="8" aria-hidden="true">
            <path d="M0 4h34" stroke="var(--text)" strokeWidth="2.4" />
          </svg>
          energised
        </span>
        <span>
          <svg width="34" height="8" aria-hidden="true">
            <path d="M0 4h34" stroke="var(--text)" strokeWidth="1.2" strokeDasharray="7 5" />
          </svg>
          dead
        </span>
        <span>
          <svg width="34" height="8" aria-hidden="true">
            <path d="M0 4h34" stroke="var(--text)" strokeWidth="1.6" strokeDasharray="1.5 5" />
          </svg>
          unknown ?
        </span>
        <span>C critical load</span>
        <span>T lock-out tag</span>
        <span>
          Losses{' '}
          <Num
            value={
              loss === undefined ? undefined : { value: loss.w, quality: loss.w === null ? 'missing' : 'estimated', timeMs: loss.timeMs }
            }
            unit="W"
            decimals={2}
          />
        </span>
      </div>
    </div>
  );
}

function Search({ topology, onFound }: { topology: GridTopology; onFound: (id: string) => void }) {
  const [text, setText] = useState('');
  const names = useMemo(
    () => [...topology.buses, ...topology.units, ...topology.switches, ...topology.branches].map(({ id, name }) => ({ id, name })),
    [topology],
  );
  const go = (value: string) => {
    const wanted = value.trim().toLowerCase();
    if (wanted === '') return;
    const hit =
      names.find((n) => n.name.toLowerCase() === wanted || n.id === wanted) ?? names.find((n) => n.name.toLowerCase().includes(wanted));
    if (hit !== undefined) onFound(hit.id);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        go(text);
      }}
    >
      <input
        type="search"
        className="search"
        aria-label="Find an element by name"
        placeholder="Find by name ( / )"
        list="grid-names"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          if (names.some((n) => n.name === event.target.value)) go(event.target.value);
        }}
      />
      <datalist id="grid-names">
        {names.map((n) => (
          <option key={n.id} value={n.name} />
        ))}
      </datalist>
    </form>
  );
}
