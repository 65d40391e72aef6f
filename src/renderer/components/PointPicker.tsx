/** Chooses up to six points by name. */
import { Button, Popover } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { CallOutput } from '../../shared/contract/contract.ts';
import { shownUnit } from '../app/format.ts';

const MOST = 6;

export function PointPicker({
  list,
  chosen,
  onChange,
}: {
  list: CallOutput<'points.list'>;
  chosen: readonly string[];
  onChange: (ids: readonly string[]) => void;
}) {
  const [text, setText] = useState('');
  const shown = useMemo(() => {
    const wanted = text.trim().toLowerCase();
    return list.filter((p) => wanted === '' || `${p.label} ${p.deviceName} ${p.unit}`.toLowerCase().includes(wanted)).slice(0, 80);
  }, [list, text]);
  return (
    <Popover position="bottom-end" width={420} trapFocus>
      <Popover.Target>
        <Button>Choose points ({chosen.length})</Button>
      </Popover.Target>
      <Popover.Dropdown className="picker">
        <input
          className="search"
          type="search"
          aria-label="Find a point"
          placeholder="Find a point"
          value={text}
          onChange={(e) => setText(e.target.value)}
          style={{ width: '100%' }}
        />
        <p className="dim small">Up to {MOST}. Points of one unit share an axis.</p>
        <ul className="picker-list">
          {shown.map((p) => {
            const on = chosen.includes(p.id);
            return (
              <li key={p.id}>
                <label className="picker-item">
                  <input
                    type="checkbox"
                    checked={on}
                    disabled={!on && chosen.length >= MOST}
                    onChange={() => onChange(on ? chosen.filter((c) => c !== p.id) : [...chosen, p.id])}
                  />
                  <span className="grow">
                    {p.label}
                    <span className="dim small"> {p.deviceName}</span>
                  </span>
                  <span className="dim small">{shownUnit(p.unit)}</span>
                </label>
              </li>
            );
          })}
          {shown.length === 0 && <li className="dim">No point is called so.</li>}
        </ul>
      </Popover.Dropdown>
    </Popover>
  );
}
