import { expect, it } from 'vitest';
import rural1 from '../../../plant/plants/rural1.json' with { type: 'json' };
import { createFakeEngine } from '../../../test/fake-engine/engine.ts';
import type { Scenario } from '../../../test/fake-engine/world.ts';
import { callNames, contract, topicNames } from '../../shared/contract/contract.ts';
import { PlantFile } from '../../shared/plant-file.ts';

const plant = PlantFile.parse(rural1);
const READS: Record<string, unknown> = {
  'trends.query': { points: ['plant.frequency', 'battery.soc'], fromMs: Date.now() - 600_000, toMs: Date.now() },
  'trends.csv': { points: ['plant.frequency'], fromMs: Date.now() - 600_000, toMs: Date.now() },
  'grid.facePlate': { id: 'q-pcc' },
  'devices.get': { id: 'battery' },
  'devices.onChain': { id: 'meter-carport' },
  'devices.checkChainAct': { id: 'meter-carport', act: { kind: 'clear-tamper', finding: 'seal renewed' } },
  'carbon.checkChainAct': { act: { kind: 'retire-credits', amountMg: '1000000', beneficiary: 'The mill' } },
  'participants.get': { id: 'clinic' },
  'wallet.get': { member: 'clinic' },
  'wallet.check': { member: 'clinic', act: { kind: 'bid', auction: 2, energyWh: 1000, price: 15_150 } },
  'demand.check': { reductionW: 2000, durationS: 900, compensation: '100000000' },
  'governance.check': { act: { kind: 'pause', contract: 'EnergyTrade' } },
};

it.each<Scenario>(['calm', 'alarm', 'empty'])('answers every query and topic of the contract in the scenario “%s”', async (scenario) => {
  const engine = createFakeEngine({ plant, scenario });
  try {
    const interval = ((await engine.call('market.now', {})) as { interval: number }).interval - 1;
    for (const name of callNames.filter((n) => n in contract.queries)) {
      if (name === 'carbon.provenance') continue;
      const input =
        name === 'settlement.round'
          ? { interval }
          : name === 'settlement.exportRound'
            ? { interval, member: 'clinic' }
            : (READS[name] ?? {});
      await expect(engine.call(name, input), name).resolves.toBeDefined();
    }
    for (const topic of topicNames) {
      const payloads: unknown[] = [];
      engine.subscribe(topic, topic === 'points' ? { points: ['plant.frequency'] } : {}, (p) => payloads.push(p))();
      if (topic !== 'journal' && topic !== 'progress') expect(payloads, topic).toHaveLength(1);
    }
  } finally {
    engine.dispose();
  }
});

it('settles every round to a sum of zero', async () => {
  const engine = createFakeEngine({ plant, scenario: 'calm' });
  const interval = ((await engine.call('market.now', {})) as { interval: number }).interval - 3;
  const round = (await engine.call('settlement.round', { interval })) as { members: { money: string }[]; gridMoney: string };
  expect(round.members.reduce((s, m) => s + BigInt(m.money), BigInt(round.gridMoney))).toBe(0n);
  engine.dispose();
});
