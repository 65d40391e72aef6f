/** `clear BOOK.json`: the clearing of an order book. */
import { clear } from '../../src/domain/market/clear.ts';
import { parseOrderBook } from '../../src/domain/market/order-book.ts';
import type { Answer } from '../command.ts';
import { withFile } from '../one-file.ts';

export const run = (args: readonly string[]): Promise<Answer> =>
  withFile(
    'clear',
    'an order-book/1 file',
    args,
    (json) => {
      const parsed = parseOrderBook(json);
      return parsed.kind === 'ok' ? { kind: 'ok', value: parsed.book } : parsed;
    },
    (book) => ({ exitCode: 0, document: clear(book) }),
  );
