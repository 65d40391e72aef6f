/** `member show FOLDER [--rpc URL]`: what a member's own folder holds, checked offline; with a node, by which code, whose proofs and on which terms its money moves. */
import { findBuiltContracts } from '../../contracts/build.ts';
import { type Artifacts, loadArtifacts } from '../../contracts/deploy/artifacts.ts';
import { compareCode } from '../../contracts/deploy/known-code.ts';
import { isTrusted, keysOnChain } from '../../contracts/deploy/known-keys.ts';
import { termProblems, termsOnChain } from '../../contracts/deploy/known-terms.ts';
import { type Answer, refusal } from '../command.ts';
import { memberArguments } from '../member/arguments.ts';
import { openChain, reasonOf } from '../member/settlement.ts';
import { describeStore, readMemberStore } from '../member/store.ts';

export async function run(args: readonly string[], _log?: unknown, artifactsAtHand = ownArtifacts): Promise<Answer> {
  const parsed = memberArguments(args, [], ['rpc']);
  if (parsed.kind === 'wrong') return refusal(2, 'member show', [parsed.problem]);
  const read = readMemberStore(parsed.folder);
  if (read.kind === 'refused') return refusal(read.exitCode, 'member show', [read.problem], { folder: parsed.folder });
  const document = { schema: 'member-store/1', ...describeStore(read.store) };
  const openingIsWrong = document.opening?.valid === false;
  const { rpc } = parsed.options;
  // Only the chain knows which keys its verifiers hold: without a node they are not known, which is not the same as good.
  if (rpc === undefined) return { exitCode: openingIsWrong ? 1 : 0, document: { ...document, code: null, keys: null, terms: null } };
  const opened = await openChain(read.store, rpc);
  if (opened.kind === 'refused') return refusal(1, 'member show', [opened.problem], { folder: parsed.folder });
  const { provider, settlement, close } = opened.chain;
  try {
    const address = String(settlement.target);
    const chainId = read.store.ledger?.chainId ?? 0;
    const artifacts = artifactsAtHand();
    const code = typeof artifacts === 'string' ? null : await compareCode(provider, { chainId, settlement: address, artifacts });
    // A contract's word about its key holds as far as its code is the right one.
    const differing = code
      ? code.filter(({ matches }) => !matches).map(({ contract, address: at, detail }) => `${contract} at ${at}: ${detail}`)
      : [`the ledger's code was not compared, so that its word about its keys is only its word: ${artifacts}`];
    const place = { chainId, rpcUrl: rpc };
    // An impostor need not answer at all, and its code has been told already.
    const unlessTold = (error: unknown): null => {
      if (differing.length === 0) throw error;
      return null;
    };
    const keys = await keysOnChain(provider, place, address).catch(unlessTold);
    const terms = await termsOnChain(provider, address).catch(unlessTold);
    const unknown = (keys ?? [])
      .filter((key) => !isTrusted(key))
      .map(({ circuit, keyHash, detail }) => `${circuit} (${keyHash}): ${detail}`);
    const problems = [...differing, ...unknown, ...(terms ? termProblems(terms, place) : [])];
    return {
      exitCode: openingIsWrong || problems.length > 0 ? 1 : 0,
      document: { ...document, code: code ?? 'not compared', keys, terms, problems },
    };
  } catch (error) {
    return refusal(1, 'member show', [`the ledger's code, keys and terms cannot be read: ${reasonOf(error)}`], { folder: parsed.folder });
  } finally {
    close();
  }
}

const NOT_COMPILED =
  'this version’s contracts are not compiled here. Run `npm ci` and `npm run contracts:build` in the source of the version that the ledger was deployed with, and ask again';

/** What these very sources compile to; a sentence when it is not at hand. */
function ownArtifacts(): Artifacts | string {
  try {
    const built = findBuiltContracts();
    if (built !== null) return loadArtifacts(built);
  } catch {
    // Sources or the packages they import are not installed: the same advice holds.
  }
  return NOT_COMPILED;
}
