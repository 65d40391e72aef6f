import { expect, it } from 'vitest';
import type { NewEntry } from '../ledger/outbox-store.ts';
import { createOperatorActs, inWords } from './operator-acts.ts';

const queued: NewEntry[] = [];
const acts = createOperatorActs({ store: { write: (run: () => void) => run() } } as never, {
  deployed: () => ({ contracts: {} }) as never,
  endpoint: () => null,
  enqueue: (entry) => void queued.push(entry),
  entry: () => undefined,
  kick: () => {},
  operatorAddress: '0x',
});
const act = { calls: [{ title: 'Retire', contract: 'SmartMeter', method: 'retireDevice', args: [4] }], effect: [] };

it('lets only an act that may wait go to the outbox while the chain is away, and says that it waits', async () => {
  await expect(acts.act('device:m', act)).rejects.toThrow(/The chain is away/);
  expect(queued).toEqual([]);
  const waits = { ...act, mayWait: true } as const;
  expect(await acts.check(waits)).toMatchObject({ possible: true, message: expect.stringMatching(/waits in the outbox/) });
  expect((await acts.act('device:m', waits)).message).toMatch(/waits in the outbox/);
  expect(queued).toMatchObject([{ kind: 'operator-act', body: { method: 'retireDevice', mayFail: true } }]);
});

it('names the role that an act takes and the console’s account lacks', () => {
  const call = { title: 'Meter Mill: enter its new key', contract: 'SmartMeter', method: 'rotateKey', args: [] };
  expect(inWords(call, 'the contract refused it: AccessManagedUnauthorized(0xAB)')).toMatch(/takes the role of a Registrar/);
  expect(inWords({ ...call, method: 'retireDevice' }, 'AccessManagedUnauthorized(0xAB)')).toMatch(/takes the role of a Technician/);
  expect(inWords(call, 'the contract refused it: KeyUsed(1, 2)')).toBe('the contract refused it: KeyUsed(1, 2)');
});
