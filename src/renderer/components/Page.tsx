/** Page frame, panels, and the three states every page has besides its content: loading, empty, error. */
import { Button } from '@mantine/core';
import { type ReactNode, useEffect, useId } from 'react';
import type { QueryState } from '../app/hooks.ts';
import type { LinkFault } from '../app/link.ts';

export function PageFrame({
  title,
  about,
  actions,
  children,
}: {
  title: string;
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Busbar`;
  }, [title]);
  return (
    <div className="page">
      <header className="page-head">
        <h1>{title}</h1>
        {about !== undefined && <p className="dim page-about">{about}</p>}
        <div className="page-actions">{actions}</div>
      </header>
      {children}
    </div>
  );
}

export function Panel({
  title,
  note,
  actions,
  children,
  className = '',
  flush = false,
}: {
  title?: string;
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
  flush?: boolean;
}) {
  const id = useId();
  return (
    <section className={`panel ${className}`} aria-labelledby={title === undefined ? undefined : id}>
      {title !== undefined && (
        <div className="panel-head">
          <h2 id={id}>{title}</h2>
          {note !== undefined && <span className="dim panel-note">{note}</span>}
          {actions !== undefined && <div className="panel-actions">{actions}</div>}
        </div>
      )}
      <div className={flush ? 'panel-body flush' : 'panel-body'}>{children}</div>
    </section>
  );
}

export function Empty({ what, how, children }: { what: string; how?: string; children?: ReactNode }) {
  return (
    <div className="empty" role="note">
      <p>{what}</p>
      {how !== undefined && <p className="dim">{how}</p>}
      {children}
    </div>
  );
}

export function Failure({ fault, retry }: { fault: LinkFault; retry?: () => void }) {
  return (
    <div className="failure" role="alert">
      <p>{fault.message}</p>
      <p className="dim">
        <span className="mono">{fault.code}</span> · trace <span className="mono">{fault.traceId}</span>
      </p>
      {retry !== undefined && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}
/** A fault beside the act that failed: short, announced, does not move the page's focus. */
export function FaultLine({ fault }: { fault: LinkFault | null }) {
  if (fault === null) return null;
  return (
    <p className="fault-line" role="alert">
      {fault.message}
    </p>
  );
}

export function Loading({ rows = 4, height }: { rows?: number; height?: number }) {
  return (
    <div className="loading" role="status" aria-label="Loading">
      {height !== undefined ? (
        <div className="bone" style={{ height }} />
      ) : (
        Array.from({ length: rows }, (_, i) => i).map((i) => (
          <div className="bone" key={`bone-${i + 1}`} style={{ width: `${92 - ((i * 17) % 40)}%` }} />
        ))
      )}
    </div>
  );
}

/** Shows the content once there is some; keeps showing it when a later refresh fails, and says so. */
export function Answer<T>({
  query,
  rows,
  height,
  children,
}: {
  query: QueryState<T>;
  rows?: number;
  height?: number;
  children: (data: T) => ReactNode;
}) {
  if (query.kind === 'loading') return <Loading rows={rows} height={height} />;
  if (query.kind === 'error' && query.data === undefined) return <Failure fault={query.fault} retry={query.reload} />;
  return (
    <>
      {query.kind === 'error' && (
        <p className="fault-line" role="status">
          Not refreshed: {query.fault.message}
        </p>
      )}
      {children(query.data as T)}
    </>
  );
}
