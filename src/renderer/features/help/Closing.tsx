/** Before the window closes: what goes on, what stops, what is running. */
import { Button, Modal } from '@mantine/core';
import { useState } from 'react';
import { useQuery } from '../../app/hooks.ts';
import { useSession } from '../../app/session.ts';
import { Answer } from '../../components/Page.tsx';

export default function Closing({ onClose, onLeave }: { onClose: () => void; onLeave: () => void }) {
  const query = useQuery('host.closing', {});
  const { host } = useSession();
  const [refused, setRefused] = useState(false);
  const list = (title: string, items: readonly string[]) =>
    items.length === 0 ? null : (
      <div>
        <h3>{title}</h3>
        <ul className="dots">
          {items.map((i) => (
            <li key={i}>{i}</li>
          ))}
        </ul>
      </div>
    );
  return (
    <Modal opened onClose={onClose} title="Close the console?" size={560} closeButtonProps={{ 'aria-label': 'Close' }}>
      <div className="stack">
        <Answer query={query} rows={4}>
          {(c) => (
            <>
              {list('Goes on', c.goesOn)}
              {list('Stops', c.stops)}
              {list('Running now', c.running)}
            </>
          )}
        </Answer>
        {host === 'headless' && (
          <p className="dim">This is one view in a browser. Closing it leaves the engine running where it was started.</p>
        )}
        {refused && (
          <p role="alert">
            The browser does not let this page close its own tab. Close the tab by hand; nothing more needs to be done here.
          </p>
        )}
        <div className="row dialog-foot">
          <Button onClick={onClose}>Stay</Button>
          <Button
            variant="filled"
            onClick={() => {
              onLeave();
              // A browser lets a page close only what a page opened; still being here means that it refused.
              setTimeout(() => setRefused(true), 400);
            }}
          >
            Close the window
          </Button>
        </div>
      </div>
    </Modal>
  );
}
