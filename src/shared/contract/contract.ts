/**
 * The one contract between screens and engine. It types the engine's handlers, the Electron bridge, the WebSocket client and the tests;
 * inputs and outputs are parsed at the gate; every call names the role it needs.
 */
import type { z } from 'zod';
import { chainCopyCalls } from './chain-copy.ts';
import { exchangeCalls } from './exchange.ts';
import { gridCalls } from './grid.ts';
import { ledgerCalls } from './ledger.ts';
import { operationsCalls } from './operations.ts';
import { sessionCalls } from './session.ts';
import { walletCalls } from './wallet.ts';

export const contract = {
  queries: {
    ...sessionCalls.queries,
    ...gridCalls.queries,
    ...exchangeCalls.queries,
    ...operationsCalls.queries,
    ...walletCalls.queries,
    ...ledgerCalls.queries,
    ...chainCopyCalls.queries,
  },
  commands: {
    ...sessionCalls.commands,
    ...gridCalls.commands,
    ...exchangeCalls.commands,
    ...operationsCalls.commands,
    ...walletCalls.commands,
    ...ledgerCalls.commands,
    ...chainCopyCalls.commands,
  },
  topics: {
    ...sessionCalls.topics,
    ...gridCalls.topics,
    ...exchangeCalls.topics,
    ...operationsCalls.topics,
    ...walletCalls.topics,
    ...ledgerCalls.topics,
    ...chainCopyCalls.topics,
  },
} as const;

export type Queries = typeof contract.queries;
export type Commands = typeof contract.commands;
export type Topics = typeof contract.topics;
export type QueryName = keyof Queries;
export type CommandName = keyof Commands;
export type TopicName = keyof Topics;
export type CallName = QueryName | CommandName;

type Definition<N extends CallName> = N extends QueryName ? Queries[N] : N extends CommandName ? Commands[N] : never;
/** What a caller passes (defaults may be left out). */
export type CallInput<N extends CallName> = z.input<Definition<N>['input']>;
/** What a handler gets (parsed, defaults filled in). */
export type ParsedInput<N extends CallName> = z.output<Definition<N>['input']>;
export type CallOutput<N extends CallName> = z.output<Definition<N>['output']>;
export type TopicParams<N extends TopicName> = z.input<Topics[N]['params']>;
export type TopicPayload<N extends TopicName> = z.output<Topics[N]['payload']>;

/** Who calls, as the gate established it. */
export interface Caller {
  readonly sessionId: string;
  readonly person: { readonly id: string; readonly name: string; readonly role: import('../roles.ts').Role } | null;
}

export type Handlers = { readonly [N in CallName]: (input: ParsedInput<N>, caller: Caller) => CallOutput<N> | Promise<CallOutput<N>> };
/** A room of the engine answers part of the contract; composition checks that together they answer all of it, once. */
export type PartialHandlers = { readonly [N in CallName]?: Handlers[N] };

export const callNames = [...Object.keys(contract.queries), ...Object.keys(contract.commands)] as CallName[];
export const topicNames = Object.keys(contract.topics) as TopicName[];
export const isCommand = (name: CallName): name is CommandName => Object.hasOwn(contract.commands, name);
