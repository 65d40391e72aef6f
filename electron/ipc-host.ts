import { type BrowserWindow, type IpcMainEvent, ipcMain } from 'electron';
import type { ServerFrame } from '../src/shared/contract/wire.ts';
import type { DesktopEngine, DesktopSession } from './desktop.ts';
import { isOwnPage } from './security.ts';

const FRAME = 'busbar:frame';

/**
 * Carries frames of one window. Every frame's sender is checked: it must be the top frame of this very window, showing our own page.
 * A reload closes the old link and opens a new one on the same session.
 */
export function attachIpc<S extends DesktopSession>(window: BrowserWindow, engine: DesktopEngine<S>): () => void {
  const session = engine.openSession();
  const contents = window.webContents;
  const send = (frame: ServerFrame): void => {
    if (!contents.isDestroyed()) contents.send(FRAME, frame);
  };
  let link = engine.openLink(session, send);
  const receive = (event: IpcMainEvent, frame: unknown): void => {
    if (event.sender !== contents || event.senderFrame !== contents.mainFrame || !isOwnPage(event.senderFrame?.url ?? '')) return;
    link.receive(frame);
  };
  const renew = (): void => {
    link.close();
    link = engine.openLink(session, send);
  };
  ipcMain.on(FRAME, receive);
  contents.on('did-start-loading', renew);
  return () => {
    ipcMain.removeListener(FRAME, receive);
    link.close();
    engine.closeSession(session.id);
  };
}
