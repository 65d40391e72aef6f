/** The community's acts on its certificates, credits and records, as calls of the contracts with their effect in words. */
import { encodeBytes32String, id as textHash } from 'ethers';
import type { CarbonChainAct } from '../../shared/chain-act.ts';
import { Fault } from '../../shared/errors.ts';
import type { MeterOnChain, PostedReading } from './meters-view.ts';
import type { OperatorAct } from './operator-acts.ts';
import type { EnergyRecord, RecordsPicture } from './records-view.ts';

const PRODUCTION = 0;
const COMMUNITY_SITE = 5;
const STANDARD = 'SmartMeter validated readings';

export function carbonAct(
  act: CarbonChainAct,
  at: { account: string; records: RecordsPicture; meter: (deviceId: string) => MeterOnChain | undefined },
): OperatorAct {
  switch (act.kind) {
    case 'reserve':
    case 'release': {
      const reserve = act.kind === 'reserve';
      const title = `${reserve ? 'Reserve' : 'Release'} certificate bundle ${act.bundle}`;
      return {
        calls: [{ title, contract: 'GranularCertificate', method: act.kind, args: [act.bundle] }],
        effect: [reserve ? 'It is kept back: it cannot be handed on before it is released.' : 'It can be handed on again.'],
      };
    }
    case 'retire-credits':
      return {
        calls: [
          {
            title: `Retire ${Number(act.amountMg) / 1e6} kg of carbon credits`,
            contract: 'CarbonCredit',
            method: 'retireCreditsFor',
            args: [at.account, act.amountMg, textHash(act.beneficiary)],
          },
        ],
        effect: [
          'The credits are used up for good, oldest first. Nobody can bring them back.',
          'The beneficiary’s name is kept in the journal; the chain gets its hash.',
        ],
      };
    case 'certify-record':
      return certify(act.device, at);
    case 'claim-achievement': {
      const milestone = at.records.milestones.find((m) => m.id === act.milestone);
      if (!milestone) throw new Fault('not.found', `The chain has no milestone ${act.milestone}.`);
      const exporter = milestone.metric === 'exported' ? at.meter('') : undefined;
      return {
        calls: [
          {
            title: `Claim the achievement “${milestone.title}”`,
            contract: 'AchievementNFT',
            method: 'claim',
            args: [milestone.id, exporter?.meterId ?? 0],
          },
        ],
        effect: ['The contract looks at its own figures: it is awarded when the milestone is reached, and to nobody else’s account.'],
      };
    }
  }
}

/** What no record holds yet, an epoch at a time, oldest first: from where the last record ended, or the epoch's installation, to its last validated reading. */
function uncertified(meter: MeterOnChain, last: EnergyRecord | undefined): { from: PostedReading; to: PostedReading } | null {
  const counted = meter.readings.filter((r) => r.state === 'validated');
  const done = last && counted.findLast((r) => r.interval === last.toInterval);
  for (const installed of meter.readings.filter((r) => r.state === 'installed')) {
    if (done && installed.epoch < done.epoch) continue;
    const from = done?.epoch === installed.epoch ? done : installed;
    const to = counted.findLast((r) => r.epoch === installed.epoch);
    if (to && to.id > from.id && to.exportWh > from.exportWh) return { from, to };
  }
  return null;
}

function certify(device: string, at: { records: RecordsPicture; meter: (deviceId: string) => MeterOnChain | undefined }): OperatorAct {
  const meter = at.meter(device);
  if (!meter) throw new Fault('not.found', 'The chain knows no such public meter yet.');
  const range = uncertified(
    meter,
    at.records.records.findLast((r) => r.meterId === meter.meterId && r.flow === 'production'),
  );
  if (!range)
    throw new Fault('conflict', 'Every validated reading is in a record already. Certify again when the next ones are validated.');
  const { from, to } = range;
  const calls = [
    {
      title: `Certify the production of meter ${meter.meterId}, intervals ${from.interval + 1} to ${to.interval}`,
      contract: 'EnergyRecords',
      method: 'certify',
      args: [meter.meterId, PRODUCTION, from.id, to.id, encodeBytes32String(STANDARD)],
    },
  ];
  if (!at.records.categories.has(meter.meterId))
    calls.unshift({
      title: `Enter meter ${meter.meterId} as a community site`,
      contract: 'EnergyRecords',
      method: 'setCategory',
      args: [meter.meterId, COMMUNITY_SITE],
    });
  return {
    calls,
    effect: [
      `The record says ${to.exportWh - from.exportWh} Wh, as the contract reads it from the validated registers; nobody can tell it otherwise.`,
      'No energy enters two records.',
    ],
  };
}
