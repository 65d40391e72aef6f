/** The console's table: sortable, rows that open by click or Enter, numbers right-aligned, head that stays while the body scrolls. */
import { type ReactNode, useMemo, useState } from 'react';

export interface Column<T> {
  readonly id: string;
  readonly head: string;
  readonly cell: (row: T) => ReactNode;
  /** Makes the column sortable. */
  readonly sort?: (row: T) => string | number;
  readonly align?: 'right';
  readonly width?: number | string;
  readonly clip?: boolean;
}
interface TableProps<T> {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  /** Opening a row. The first column's text becomes a button, so that it can be reached by Tab. */
  onOpen?: (row: T) => void;
  openKey?: string | null;
  dense?: boolean;
  rowClass?: (row: T) => string | undefined;
  maxHeight?: number | string;
}

export function Table<T>({ caption, columns, rows, keyOf, onOpen, openKey, dense, rowClass, maxHeight }: TableProps<T>) {
  const [order, setOrder] = useState<{ id: string; down: boolean } | null>(null);
  const sorted = useMemo(() => {
    const by = order === null ? undefined : columns.find((c) => c.id === order.id)?.sort;
    if (by === undefined || order === null) return rows;
    const sign = order.down ? -1 : 1;
    return [...rows].sort((a, b) => {
      const x = by(a);
      const y = by(b);
      return x === y ? 0 : (typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y))) * sign;
    });
  }, [rows, columns, order]);
  const toggle = (id: string) => setOrder((o) => (o?.id !== id ? { id, down: false } : o.down ? null : { id, down: true }));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex lint/a11y/useSemanticElements: what scrolls must be reachable by keyboard; a fieldset is for forms
    <div role="group" className="table-wrap" style={{ maxHeight }} tabIndex={0} aria-label={caption}>
      <table className={dense ? 'table dense' : 'table'}>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((c) => (
              <th
                key={c.id}
                scope="col"
                className={c.align}
                style={{ width: c.width }}
                aria-sort={order?.id === c.id ? (order.down ? 'descending' : 'ascending') : undefined}
              >
                {c.sort === undefined ? (
                  c.head
                ) : (
                  <button type="button" className="th-button" onClick={() => toggle(c.id)}>
                    {c.head}
                    <span aria-hidden="true" className="th-mark">
                      {order?.id === c.id ? (order.down ? '▾' : '▴') : ''}
                    </span>
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => {
            const key = keyOf(row);
            const extra = rowClass?.(row) ?? '';
            return (
              <tr
                key={key}
                className={`${extra}${onOpen ? ' opens' : ''}${openKey === key ? ' is-open' : ''}`}
                onClick={onOpen ? () => onOpen(row) : undefined}
              >
                {columns.map((c, i) => (
                  <td key={c.id} className={`${c.align ?? ''}${c.clip ? ' clip-cell' : ''}`}>
                    {i === 0 && onOpen ? (
                      <button
                        type="button"
                        className="row-button"
                        onClick={(event) => {
                          event.stopPropagation();
                          onOpen(row);
                        }}
                      >
                        {c.cell(row)}
                      </button>
                    ) : (
                      c.cell(row)
                    )}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
