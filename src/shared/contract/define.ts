import type { z } from 'zod';
import type { RequiredRole } from '../roles.ts';

/** A read: changes nothing, may be asked again at any time. */
export interface QueryDefinition<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly role: RequiredRole;
  readonly input: I;
  readonly output: O;
}
/** An act: is journalled with its input (less the fields named in `secret`) and its outcome. */
export interface CommandDefinition<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> extends QueryDefinition<I, O> {
  /** What the journal calls it, in the imperative: "Acknowledge alarms". */
  readonly title: string;
  readonly secret?: readonly string[];
}
/** A live topic: the engine pushes the latest payload in batches, at most ten a second; `params` narrows it. */
export interface TopicDefinition<P extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly role: RequiredRole;
  readonly params: P;
  readonly payload: O;
  /** latest = only the newest payload matters; all = every payload must arrive (progress, news). */
  readonly delivery: 'latest' | 'all';
}

export const query = <I extends z.ZodType, O extends z.ZodType>(role: RequiredRole, input: I, output: O): QueryDefinition<I, O> => ({
  role,
  input,
  output,
});
export const command = <I extends z.ZodType, O extends z.ZodType>(
  role: RequiredRole,
  title: string,
  input: I,
  output: O,
  secret?: readonly string[],
): CommandDefinition<I, O> => ({
  role,
  title,
  input,
  output,
  ...(secret ? { secret } : {}),
});
export const topic = <P extends z.ZodType, O extends z.ZodType>(
  role: RequiredRole,
  params: P,
  payload: O,
  delivery: 'latest' | 'all' = 'latest',
): TopicDefinition<P, O> => ({
  role,
  params,
  payload,
  delivery,
});
