/** Worker thread: rounds, roots and signatures cost tens of milliseconds of field arithmetic, which the control cycle must not wait for. */
import { parentPort } from 'node:worker_threads';
import { admitRound } from '../../domain/settlement/admit-round.ts';
import { verifySignature } from '../../domain/settlement/babyjubjub.ts';
import { NO_ORDER, orderLeaf, orderMessage, readingMessage } from '../../domain/settlement/leaves.ts';
import { merkleRoot } from '../../domain/settlement/merkle.ts';
import { settleRound } from '../../domain/settlement/settle-round.ts';
import type { SettlerReply, SettlerRequest } from './settler.ts';

function answer(request: SettlerRequest): unknown {
  switch (request.kind) {
    case 'settle':
      return settleRound(request.input);
    case 'admit':
      return admitRound(request.input);
    case 'orders-root':
      return merkleRoot(request.places.map(({ meterId, order }) => orderLeaf(meterId, order ?? NO_ORDER)));
    case 'reading':
      return verifySignature(readingMessage(request.meterId, request.reading), request.reading.signature, request.publicKey);
    case 'order':
      return verifySignature(orderMessage(request.meterId, request.order), request.signature, request.publicKey);
  }
}

parentPort?.on('message', (request: SettlerRequest) => {
  let reply: SettlerReply;
  try {
    reply = { id: request.id, ok: true, value: answer(request) };
  } catch (error) {
    reply = { id: request.id, ok: false, message: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(reply);
});
