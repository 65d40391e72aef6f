// SPDX-License-Identifier: GPL-3.0-only
/** Two ways for a command to end without its result; both carry a sentence for the person at the keyboard. */

/** A check failed or something stands in the way: exit code 1. */
export class CeremonyRefusal extends Error {
  override readonly name = 'CeremonyRefusal';
}

/** Called wrongly: exit code 2, followed by the usage. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
