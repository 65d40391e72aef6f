/** Clears a book by the mechanism it names; uniform price when it names none. */
import { clearMcAfee, type McAfeeClearing } from './clear-mcafee.ts';
import { type Clearing, clearUniform } from './clear-uniform.ts';
import type { OrderBook } from './order-book.ts';

export const clear = (book: OrderBook): Clearing | McAfeeClearing => (book.mechanism === 'mcafee' ? clearMcAfee(book) : clearUniform(book));
