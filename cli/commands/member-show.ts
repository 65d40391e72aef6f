/** `member show FOLDER [--rpc URL]`: what a member's own folder holds, checked offline; with a node, whose proofs move its money. */
import { isTrusted, keysOnChain } from '../../contracts/deploy/known-keys.ts';
import { type Answer, refusal } from '../command.ts';
import { memberArguments } from '../member/arguments.ts';
import { openChain, reasonOf } from '../member/settlement.ts';
import { describeStore, readMemberStore } from '../member/store.ts';

export async function run(args: readonly string[]): Promise<Answer> {
  const parsed = memberArguments(args, [], ['rpc']);
  if (parsed.kind === 'wrong') return refusal(2, 'member show', [parsed.problem]);
  const read = readMemberStore(parsed.folder);
  if (read.kind === 'refused') return refusal(read.exitCode, 'member show', [read.problem], { folder: parsed.folder });
  const document = { schema: 'member-store/1', ...describeStore(read.store) };
  const openingIsWrong = document.opening?.valid === false;
  const { rpc } = parsed.options;
  // Only the chain knows which keys its verifiers hold: without a node they are not known, which is not the same as good.
  if (rpc === undefined) return { exitCode: openingIsWrong ? 1 : 0, document: { ...document, keys: null } };
  const opened = await openChain(read.store, rpc);
  if (opened.kind === 'refused') return refusal(1, 'member show', [opened.problem], { folder: parsed.folder });
  const { provider, settlement, close } = opened.chain;
  try {
    const keys = await keysOnChain(provider, read.store.ledger?.chainId ?? 0, String(settlement.target));
    const problems = keys.filter((key) => !isTrusted(key)).map(({ circuit, keyHash, detail }) => `${circuit} (${keyHash}): ${detail}`);
    return { exitCode: openingIsWrong || problems.length > 0 ? 1 : 0, document: { ...document, keys, problems } };
  } catch (error) {
    return refusal(1, 'member show', [`the keys of the ledger's verifiers cannot be read: ${reasonOf(error)}`], { folder: parsed.folder });
  } finally {
    close();
  }
}
