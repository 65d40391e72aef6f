/** The table of commands; `main.ts` knows no other. */
import type { Command } from './command.ts';

export const COMMANDS: readonly Command[] = [
  {
    name: 'powerflow',
    usage: 'CASE.json',
    summary: 'solve a feeder-case/1: voltages, branch flows, losses (feeder-solution/1)',
    load: () => import('./commands/powerflow.ts'),
  },
  {
    name: 'reconfigure',
    usage: 'CASE.json',
    summary: 'lines to leave open for the least loss, every bus fed, no loop (reconfiguration/1)',
    load: () => import('./commands/reconfigure.ts'),
  },
  {
    name: 'clear',
    usage: 'BOOK.json',
    summary: 'clear an order-book/1: price, fills, welfare (clearing/1)',
    load: () => import('./commands/clear.ts'),
  },
  {
    name: 'verify round',
    usage: 'FILE',
    summary: "check one's own line of a settled round, offline (verification/1)",
    load: () => import('./commands/verify-round.ts'),
  },
  {
    name: 'member show',
    usage: 'FOLDER [--rpc URL]',
    summary:
      "what a member's own folder holds, checked; with --rpc whether the ledger's code is this version's and its proof keys are known ones (member-store/1)",
    load: () => import('./commands/member-show.ts'),
  },
  {
    name: 'member policy',
    usage: 'FOLDER [--orders yes|no] [--at-once 100.00] [--a-day 500.00]',
    summary: 'what the gateway may sign when the console asks: shown, or changed at once (member-policy/1)',
    load: () => import('./commands/member-policy.ts'),
  },
  {
    name: 'member deposit',
    usage: 'FOLDER --rpc URL --amount 12.50',
    summary: 'pay money of the account into the balance; a round applies it (member-money/1)',
    load: () => import('./commands/member-deposit.ts'),
  },
  {
    name: 'member withdraw',
    usage: 'FOLDER --rpc URL --amount 12.50',
    summary: 'ask for a payout of the balance; a round grants it (member-money/1)',
    load: () => import('./commands/member-withdraw.ts'),
  },
  {
    name: 'member claim',
    usage: 'FOLDER --rpc URL',
    summary: 'take what rounds have granted (member-money/1)',
    load: () => import('./commands/member-claim.ts'),
  },
  {
    name: 'member move',
    usage: 'FOLDER --rpc URL --to ADDRESS',
    summary: 'hand the place in the settlement on to another account (member-money/1)',
    load: () => import('./commands/member-move.ts'),
  },
  {
    name: 'member exit',
    usage: 'FOLDER --rpc URL',
    summary: 'leave with the money when rounds have stopped, without the operator (member-exit/1)',
    load: () => import('./commands/member-exit.ts'),
  },
  {
    name: 'member challenge',
    usage: 'FOLDER --rpc URL [--interval N]',
    summary: 'hold the orders the operator had shown against those it committed late, and challenge what differs (member-challenge/1)',
    load: () => import('./commands/member-challenge.ts'),
  },
  {
    name: 'ledger deploy',
    usage: '--rpc URL --options FILE.json [--plant FILE] [--data DIR] [--yes]',
    summary: "put a console's ledger on any chain, or go on where a run died; without --yes checks and estimates (ledger-deployment/1)",
    load: () => import('./commands/ledger-deploy.ts'),
  },
  {
    name: 'demo',
    usage: '--intervals N --json [--plant FILE] [--data DIR]',
    summary: 'plant and engine without screens for N market intervals, then a summary (demo/1)',
    load: () => import('./commands/demo.ts'),
  },
  {
    name: 'fault',
    usage: 'list | start KIND [TARGET] [--seconds N] | end ID|all  [--data DIR]',
    summary: 'training faults of the simulated plant that a running console uses',
    load: () => import('./commands/fault.ts'),
  },
];
