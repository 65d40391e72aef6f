/**
 * Frames between a screen and the engine, the same over the WebSocket of the headless host and the IPC channel of the desktop host.
 * Client → engine: call, subscribe, unsubscribe. Engine → client: result, fault, batch (live payloads, at most ten batches a second).
 */
import { z } from 'zod';
import { WireFault } from '../errors.ts';

export const ClientFrame = z.discriminatedUnion('t', [
  z.strictObject({ t: z.literal('call'), id: z.number().int().nonnegative(), name: z.string().max(64), input: z.unknown() }),
  z.strictObject({ t: z.literal('sub'), id: z.number().int().nonnegative(), topic: z.string().max(64), params: z.unknown() }),
  z.strictObject({ t: z.literal('unsub'), id: z.number().int().nonnegative() }),
]);
export type ClientFrame = z.infer<typeof ClientFrame>;

export const ServerFrame = z.discriminatedUnion('t', [
  z.object({ t: z.literal('ok'), id: z.number(), output: z.unknown() }),
  z.object({ t: z.literal('fault'), id: z.number(), fault: WireFault }),
  /** payloads: [subscription id, payload] in order. */
  z.object({ t: z.literal('batch'), timeMs: z.number(), payloads: z.array(z.tuple([z.number(), z.unknown()])) }),
]);
export type ServerFrame = z.infer<typeof ServerFrame>;

/** What carries frames. `onState` tells when the engine stops answering, so that every value can freeze and say since when. */
export interface Transport {
  send(frame: ClientFrame): void;
  onFrame(listener: (frame: ServerFrame) => void): () => void;
  onState(listener: (state: 'connected' | 'lost') => void): () => void;
}

/** Longest frame a client may send, in bytes. */
export const MAX_CLIENT_FRAME_BYTES = 256 * 1024;
export const LIVE_BATCH_MS = 100;
