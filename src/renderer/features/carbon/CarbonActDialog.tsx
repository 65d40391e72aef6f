/** The community's acts on the chain: select, check, confirm. */
import { NumberInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { CarbonChainAct } from '../../../shared/chain-act.ts';
import { useAct, useEngine } from '../../app/hooks.ts';
import { ConfirmedChainAct } from '../../components/ConfirmedChainAct.tsx';
import { kilograms, type OnChainData, type Start } from './OnChain.tsx';

export function CarbonActDialog({ start, data, onClose }: { start: Start; data: OnChainData; onClose: () => void }) {
  const { link } = useEngine();
  const act = useAct('carbon.chainAct');
  const [kg, setKg] = useState<string | number>('');
  const [beneficiary, setBeneficiary] = useState('');
  const wanted = actOf(start, kg, beneficiary);
  const input = wanted && { act: wanted };
  return (
    <ConfirmedChainAct
      title={titleOf(start, data)}
      wanted={input && JSON.stringify(input)}
      ask={() => link.call('carbon.checkChainAct', input as { act: CarbonChainAct })}
      run={() => act.run(input as { act: CarbonChainAct })}
      busy={act.busy}
      fault={act.fault}
      onClose={onClose}
    >
      {start.kind === 'retire-credits' ? (
        <>
          <NumberInput
            label={`Amount in kg CO₂e, of ${kilograms(data.credits.oursMg)} held`}
            min={0.000001}
            decimalScale={6}
            value={kg}
            onChange={setKg}
            data-autofocus
          />
          <TextInput label="Beneficiary" required value={beneficiary} onChange={(e) => setBeneficiary(e.currentTarget.value)} />
        </>
      ) : (
        <p className="dim">{ABOUT[start.kind]}</p>
      )}
    </ConfirmedChainAct>
  );
}

const ABOUT: Record<Exclude<Start['kind'], 'retire-credits'>, string> = {
  reserve: 'A reserved bundle is kept back. It stays the community’s and cannot be handed on before it is released.',
  release: 'The bundle can be handed on again.',
  'certify-record': 'The contract reads the energy between two validated readings and writes it into a certified record.',
  'claim-achievement': 'The contract compares its own figures with the milestone and awards it, or says what is missing.',
};

function titleOf(start: Start, data: OnChainData): string {
  switch (start.kind) {
    case 'reserve':
      return `Reserve bundle ${start.of}?`;
    case 'release':
      return `Release bundle ${start.of}?`;
    case 'retire-credits':
      return 'Retire carbon credits?';
    case 'certify-record':
      return `Certify the production of ${data.certifiable.find((d) => d.device === start.of)?.name ?? start.of}?`;
    case 'claim-achievement':
      return `Claim “${data.milestones.find((m) => String(m.id) === start.of)?.title ?? ''}”?`;
  }
}
function actOf(start: Start, kg: string | number, beneficiary: string): CarbonChainAct | null {
  switch (start.kind) {
    case 'reserve':
    case 'release':
      return { kind: start.kind, bundle: Number(start.of) };
    case 'certify-record':
      return { kind: start.kind, device: start.of ?? '' };
    case 'claim-achievement':
      return { kind: start.kind, milestone: Number(start.of) };
    case 'retire-credits': {
      const mg = Math.round(Number(kg) * 1e6);
      return mg > 0 && beneficiary.trim().length >= 3 ? { kind: start.kind, amountMg: String(mg), beneficiary: beneficiary.trim() } : null;
    }
  }
}
