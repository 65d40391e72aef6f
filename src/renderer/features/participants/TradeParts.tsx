/** Small parts of the trade tables: a partner with its record, a button for an act, a published share. */
import { Button } from '@mantine/core';
import type { CallOutput } from '../../../shared/contract/contract.ts';
import { energy, fixed } from '../../app/format.ts';
import { Hash } from '../../components/Facts.tsx';
import type { Start } from './wallet-act.ts';

export type Wallet = CallOutput<'wallet.get'>;
type Trader = Wallet['offers'][number]['maker'];
export type Act = { readonly may: boolean; readonly why: string | undefined; readonly open: (start: Start) => void };

export const percent = (bps: number): string => `${fixed(bps / 100, 2)} %`;

export const recordOf = ({ completed, defaulted, disputesLost, volumeWh }: Wallet['standing']): string =>
  completed + defaulted + disputesLost === 0
    ? 'No trade yet'
    : `${completed} paid (${energy(volumeWh, 1)}), ${defaulted} missed, ${disputesLost} ${disputesLost === 1 ? 'dispute' : 'disputes'} lost`;

/** The short record warns only when there is something to warn of. */
export function Who({ trader, mine }: { trader: Trader | null; mine?: boolean }) {
  if (trader === null) return <span className="dim">nobody yet</span>;
  if (mine) return <span>this member</span>;
  const { completed, defaulted, disputesLost } = trader.standing;
  const record = recordOf(trader.standing);
  return (
    <span title={record}>
      {trader.name ?? <Hash value={trader.address} />}
      <span className="dim small nowrap trade-record">
        {completed + defaulted + disputesLost === 0 ? 'new' : `${completed} paid`}
        {defaulted > 0 && `, ${defaulted} missed`}
        {disputesLost > 0 && `, ${disputesLost} lost`}
      </span>
    </span>
  );
}

/** `of` says to a screen reader which row's button it is. */
export function ActButton({
  act,
  start,
  label,
  of,
  title,
  disabled,
}: {
  act: Act;
  start: Start;
  label: string;
  of?: string;
  title?: string;
  disabled?: boolean;
}) {
  return (
    <Button
      size="compact-sm"
      aria-label={of === undefined ? undefined : `${label} ${of}`}
      disabled={!act.may || disabled === true}
      title={act.may ? title : act.why}
      onClick={() => act.open(start)}
    >
      {label}
    </Button>
  );
}
