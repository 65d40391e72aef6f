/** What "?" shows: every shortcut, and how to read the screen. */
import { Modal } from '@mantine/core';
import { PAGE_KEYS, SHELL_KEYS } from '../../app/keyboard.ts';
import { Priority, priorityName } from '../../components/Priority.tsx';

export default function Help({ onClose }: { onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title="Help and shortcuts" size={880} closeButtonProps={{ 'aria-label': 'Close' }}>
      <div className="help">
        <section aria-label="Shortcuts">
          <h3>Keys</h3>
          <table className="table dense">
            <tbody>
              {SHELL_KEYS.map((k) => (
                <tr key={k.key}>
                  <td className="nowrap">
                    {k.key.split(' ').map((p) => (
                      <kbd key={p}>{p}</kbd>
                    ))}
                  </td>
                  <td>{k.does}</td>
                </tr>
              ))}
              <tr>
                <td className="nowrap">
                  <kbd>Shift</kbd> <kbd>X</kbd>
                </td>
                <td>Arm the chosen emergency level (Emergency page)</td>
              </tr>
              <tr>
                <td className="nowrap">
                  <kbd>←</kbd>
                  <kbd>→</kbd>
                  <kbd>+</kbd>
                  <kbd>−</kbd>
                  <kbd>0</kbd>
                </td>
                <td>Pan, zoom and fit the one-line diagram when it has the focus</td>
              </tr>
            </tbody>
          </table>
        </section>
        <section aria-label="Go to a page">
          <h3>
            Go to a page: <kbd>g</kbd> then
          </h3>
          <table className="table dense">
            <tbody>
              {PAGE_KEYS.map((p) => (
                <tr key={p.page}>
                  <td className="nowrap">
                    <kbd>{p.letter}</kbd> or <kbd>{p.digit}</kbd>
                  </td>
                  <td>{p.label}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
        <section aria-label="How to read the screen">
          <h3>How to read the screen</h3>
          <ul className="stack">
            {([1, 2, 3, 4] as const).map((p) => (
              <li key={p} className="row">
                <Priority priority={p} /> {priorityName(p)}
              </li>
            ))}
            <li>An outlined mark: the cause has gone, the alarm still waits to be acknowledged.</li>
            <li>
              <span className="num" data-quality="stale">
                12.3<span className="unit">kW</span>
                <span className="age">40 s old</span>
              </span>{' '}
              old value
            </li>
            <li>~12.3 kW: computed, not measured</li>
            <li>—: bad or never read; move onto it for the reason</li>
            <li>Positive is import and consumption, negative export and generation.</li>
            <li>Plant time is what weather, energy and market follow. On the simulated plant it runs faster than the clock.</li>
          </ul>
        </section>
      </div>
    </Modal>
  );
}
