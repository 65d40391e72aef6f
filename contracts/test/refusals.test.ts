/** That every refusal is reached is measured by counting lines (contracts/coverage.ts); here: that none escapes the count. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { functionsOf, readContracts, splitReverts, unseenRefusals } from '../refusals.ts';

const unseen = (body: string): number => unseenRefusals(splitReverts(`    function f() external {\n${body}\n    }\n`)).length;

describe('refusals', () => {
  it('are seen where a custom error stands on a line of its own, or can be put on one', () => {
    assert.equal(unseen('        revert Bad(1);'), 0);
    assert.equal(unseen('        if (a) revert Bad(a, b);'), 0);
    assert.equal(unseen('        if (a == (b)) revert ISome.Bad(\n            a, b\n        );'), 0);
    assert.equal(unseen('        if (a) {\n            revert Bad(a);\n        }'), 0);
    assert.equal(unseen('        x = "revert Bad(); require(x);"; // require(a), revert("b")\n        /* assert(a);\n revert(); */'), 0);
  });

  it('are found where a count of lines would not show them', () => {
    for (const body of [
      'require(a);',
      'require(a, Bad(a));',
      'require(a, "text");',
      'assert (a);',
      'revert();',
      'revert("text");',
      'assembly { revert(0, 0) }',
      'if (a) { revert Bad(a); }',
      'for (;;) if (a) revert Bad(a);',
      'if (a) b(); else revert Bad(a);',
      'a ? b() : c(); revert Bad(a);',
    ])
      assert.equal(unseen(`        ${body}`), 1, body);
  });

  it('by a modifier are read from the heads of functions, over several lines and with results', () => {
    const source = 'contract A {\n  function f(uint256 a) external override(B, C)\n    restricted nonReentrant returns (uint256 b) {}\n}';
    assert.deepEqual(functionsOf('x/A.sol', source), [
      { contract: 'A', fn: 'f', visibility: 'external', modifiers: ['restricted', 'nonReentrant'] },
    ]);
  });

  it('to be entered again are each tried', () => {
    const tried = readFileSync(new URL('./Reentrancy.t.sol', import.meta.url), 'utf8');
    const { functions } = readContracts(fileURLToPath(new URL('..', import.meta.url)));
    const missing = functions
      .filter(({ fn, modifiers }) => modifiers.includes('nonReentrant') && fn !== '_create') // createOffer's and createOfferWith's
      .filter(({ fn }) => !tried.includes(`venue.${fn}.selector`))
      .map(({ contract, fn }) => `${contract}.${fn}`);
    assert.deepEqual(missing, []);
  });
});
