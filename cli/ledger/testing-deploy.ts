/** `ledger deploy` with the ceremony keys that a test trusts: PINS.json, then the command's own arguments. For tests only; the tool itself takes no pins. */
import { readFileSync } from 'node:fs';
import { run } from '../commands/ledger-deploy.ts';

const [pins, ...args] = process.argv.slice(2);
const answer = await run(args, (line) => process.stderr.write(`${line}\n`), JSON.parse(readFileSync(pins as string, 'utf8')));
process.exitCode = answer.exitCode;
process.stdout.write(JSON.stringify(answer.document));
