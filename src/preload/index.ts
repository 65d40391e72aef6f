/**
 * The bridge: three functions, nothing of Electron or Node. Frames are the same as on the WebSocket; the engine parses every one of them.
 * Built as one CommonJS file that requires only `electron` (the sandbox allows nothing else).
 */
import { contextBridge, type IpcRendererEvent, ipcRenderer } from 'electron';

const FRAME = 'busbar:frame';
const STATE = 'busbar:state';

contextBridge.exposeInMainWorld(
  'busbar',
  Object.freeze({
    transport: 'ipc',
    send: (frame: unknown): void => ipcRenderer.send(FRAME, frame),
    onFrame: (listener: (frame: unknown) => void): (() => void) => {
      const heard = (_event: IpcRendererEvent, frame: unknown) => listener(frame);
      ipcRenderer.on(FRAME, heard);
      return () => ipcRenderer.removeListener(FRAME, heard);
    },
    onState: (listener: (state: unknown) => void): (() => void) => {
      const heard = (_event: IpcRendererEvent, state: unknown) => listener(state);
      ipcRenderer.on(STATE, heard);
      // The engine lives in the process that made this window: the carrier stands from the start.
      listener('connected');
      return () => ipcRenderer.removeListener(STATE, heard);
    },
  }),
);
