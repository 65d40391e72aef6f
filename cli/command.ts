/** What every command of the terminal tool is: arguments in, one JSON document and an exit code out. */

/** 0: done. 1: refused, or a check failed; the document says why. 2: the tool was called wrongly. */
export type ExitCode = 0 | 1 | 2;

export interface Answer {
  readonly exitCode: ExitCode;
  readonly document: unknown;
}

export interface Command {
  /** As typed; may be two words. */
  readonly name: string;
  /** The arguments, as shown by --help. */
  readonly usage: string;
  readonly summary: string;
  /** Loaded only when asked for, so that a small command does not load the engine. */
  readonly load: () => Promise<{ readonly run: (args: readonly string[], log: Log) => Promise<Answer> }>;
}

/** Writes a line to standard error. */
export type Log = (line: string) => void;

/** Why there is no answer, for a person and for a program. */
export const refusal = (exitCode: 1 | 2, command: string, problems: readonly string[], more: Record<string, unknown> = {}): Answer => ({
  exitCode,
  document: { schema: 'refusal/1', command, ...more, problems },
});
