/**
 * order-book/1: the sealed orders of one market interval.
 *
 * Quantities are integer Wh, limits integer milli-cents per kWh (negative allowed: a seller may pay to be rid of energy). The order of the
 * array is the committed order, and breaks ties: it is fixed before prices are known, so nobody gains by arriving first.
 */
import {
  duplicates,
  firstProblems,
  identifier,
  integer,
  listOf,
  object,
  oneOf,
  optional,
  type Problems,
  type Read,
  schemaProblem,
} from '../json/shape.ts';

const order = object({
  id: identifier,
  side: oneOf('buy', 'sell'),
  quantityWh: integer({ min: 0 }),
  limitPrice: integer(),
});

const orderBook = object({
  schema: oneOf('order-book/1'),
  orders: listOf(order),
  mechanism: optional(oneOf('uniform', 'mcafee')),
});

export type Order = Readonly<Read<typeof order>>;

export interface OrderBook {
  readonly schema: 'order-book/1';
  readonly orders: readonly Order[];
  readonly mechanism?: 'uniform' | 'mcafee';
}

export type ParsedOrderBook = { readonly kind: 'ok'; readonly book: OrderBook } | { readonly kind: 'refused'; readonly problems: string[] };

/** Reads an order-book/1 document; every problem is a sentence that names the field and the order. */
export const parseOrderBook = (json: unknown): ParsedOrderBook => {
  const wrongSchema = schemaProblem(json, 'order-book/1');
  if (wrongSchema !== null) return { kind: 'refused', problems: [wrongSchema] };
  const problems: Problems = [];
  const book = orderBook(json, '', problems);
  if (book !== undefined) problems.push(...bookProblems(book));
  return book !== undefined && problems.length === 0 ? { kind: 'ok', book } : { kind: 'refused', problems: firstProblems(problems) };
};

const bookProblems = (book: OrderBook): Problems => {
  const problems = duplicates(book.orders.map((o) => o.id)).map((id) => `order "${id}" is in the book more than once`);
  let totalWh = 0;
  for (const o of book.orders) totalWh += o.quantityWh;
  // Sums of quantities must stay exact in a double.
  if (totalWh > Number.MAX_SAFE_INTEGER) problems.push(`the orders add up to more than ${Number.MAX_SAFE_INTEGER} Wh: split the book`);
  return problems;
};
