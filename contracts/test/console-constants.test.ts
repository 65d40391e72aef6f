/** What the console knows by heart of the contracts, compared with what they say themselves. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ARBITER_S, DISPUTE_S } from '../../src/domain/wallet/deal-times.ts';
import {
  CREDIT_PERIOD_S,
  ENERGY_PERIOD_S,
  expiresAtS,
  LIFE_PERIODS,
  readingExpiresAtS,
  technologyOf,
} from '../../src/domain/wallet/vintages.ts';
import { LAPSE_S } from '../../src/main/governance/proposals.ts';
import { ENROLMENT_S, MEASURING_S } from '../../src/main/grid-ledger/demand-events.ts';
import { MOST_INTERVALS } from '../../src/main/public-meters/next-step.ts';
import { leastBid } from '../../src/main/wallet/deals-view.ts';
import { TECHNOLOGY_CODE } from '../../src/shared/plant-file.ts';
import { contractAt } from '../deploy/deploy.ts';
import { parameterDefinitions } from '../deploy/parameters.ts';
import { solidityFiles } from '../refusals.ts';
import { builtContracts, type Chain, deploySuite, startHardhat } from './support.ts';

describe('what the console knows of the contracts', () => {
  let chain: Chain;
  let ask: (contract: string, name: string, ...args: unknown[]) => Promise<bigint>;

  before(async () => {
    chain = await startHardhat();
    const manifest = await deploySuite(chain);
    const { artifacts } = await builtContracts();
    ask = async (contract, name, ...args) => contractAt(manifest, artifacts, contract, chain.signer).getFunction(name)(...args);
  });
  after(() => chain.close());

  const times = [
    ['EnergyDeals', 'DISPUTE_S', DISPUTE_S],
    ['EnergyDeals', 'ARBITER_S', ARBITER_S],
    ['Council', 'LAPSE_S', LAPSE_S],
    ['GridManagement', 'MEASURING_S', MEASURING_S],
    ['GridManagement', 'ENROLMENT_S', ENROLMENT_S],
    ['GranularCertificate', 'MAX_INTERVALS', MOST_INTERVALS],
    ['EnergyToken', 'periodS', ENERGY_PERIOD_S],
    ['CarbonCredit', 'periodS', CREDIT_PERIOD_S],
    ['EnergyToken', 'LIFE_PERIODS', LIFE_PERIODS],
    ['CarbonCredit', 'LIFE_PERIODS', LIFE_PERIODS],
  ] as const;
  for (const [contract, name, known] of times)
    it(`${contract}.${name} is ${known}`, async () => assert.equal(await ask(contract, name), BigInt(known)));

  it('a vintage expires when the token says, and names its source', async () => {
    for (const [token, periodS] of [
      ['EnergyToken', ENERGY_PERIOD_S],
      ['CarbonCredit', CREDIT_PERIOD_S],
    ] as const)
      for (const code of Object.values(TECHNOLOGY_CODE)) {
        const vintage = await ask(token, 'vintageAt', 1_800_000_000, code);
        assert.equal(technologyOf(Number(vintage)), code);
        const expiry = await ask(token, 'expiryOf', vintage);
        assert.equal(BigInt(expiresAtS(Number(vintage), periodS)), expiry);
        assert.equal(BigInt(readingExpiresAtS(1_800_000_000, periodS)), expiry);
      }
  });

  it('the least next bid is the least raise above the highest', async () => {
    const [raiseBps, whole] = [await ask('EnergyDeals', 'MIN_RAISE_BPS'), 10_000n];
    for (const price of [1, 99, 100, 101, 10_000, 30_001, 123_456_789]) {
      const raise = (BigInt(price) * raiseBps + whole - 1n) / whole;
      assert.equal(BigInt(leastBid({ price, reservePrice: 7 })), BigInt(price) + raise, `${price}`);
    }
    assert.equal(leastBid({ price: 0, reservePrice: 7 }), 7);
  });

  it('no parameter is governed that no contract reads', () => {
    const root = fileURLToPath(new URL('..', import.meta.url));
    const sources = solidityFiles(root)
      .filter((path) => !path.startsWith(join(root, 'test')))
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n');
    const unread = parameterDefinitions.map(({ key }) => key).filter((key) => !sources.includes(`"${key}"`));
    assert.deepEqual(unread, []);
  });
});
