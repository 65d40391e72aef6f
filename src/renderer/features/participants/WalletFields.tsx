/** What an act asks for and what it will do, in words; one case per act. */
import { NumberInput, SegmentedControl, Select, TextInput } from '@mantine/core';
import type { CallOutput } from '../../../shared/contract/contract.ts';
import { energy, fixed, money, price } from '../../app/format.ts';
import { useCurrency } from '../../app/session.ts';
import { DeliveryFields } from './DeliveryFields.tsx';
import { OfferFields } from './OfferFields.tsx';
import { EnergyInput, MinutesInput, MoneyInput, othersOf, PriceInput } from './WalletInputs.tsx';
import type { ActFields, Start } from './wallet-act.ts';

type Wallet = CallOutput<'wallet.get'>;
export interface FieldsProps {
  readonly wallet: Wallet;
  readonly fields: ActFields;
  readonly change: (part: ActFields) => void;
}
const percent = (bps: number): string => `${fixed(bps / 100, 2)} %`;

export function WalletFields({ start, ...props }: FieldsProps & { start: Start }) {
  const currency = useCurrency();
  const { wallet, fields, change } = props;
  switch (start.kind) {
    case 'transfer':
      return <TransferFields {...props} />;
    case 'place-offer':
      return <OfferFields {...props} />;
    case 'create-auction':
      return (
        <>
          <p className="dim">The highest bid wins when the time is over. The winner then has a day to draw the energy.</p>
          <div className="row">
            <EnergyInput {...props} label="Energy in kWh" />
            <PriceInput {...props} label="Least price in ct/kWh" />
            <MinutesInput {...props} label="Open for, minutes" />
          </div>
        </>
      );
    case 'take-offer':
      return (
        <>
          <p>
            Offer {start.offer}: {start.side === 'buy' ? 'buy from it' : 'sell to it'} at {price(start.price)}.
          </p>
          <EnergyInput {...props} label="Energy in kWh" maxWh={start.mostWh} />
        </>
      );
    case 'bid':
      return (
        <>
          <p>
            Auction {start.auction}: {energy(start.energyWh, 3)}; the next bid must be at least {price(start.leastPrice)}. The money is set
            aside until somebody bids more.
          </p>
          <PriceInput {...props} label="Bid in ct/kWh" min={start.leastPrice / 1000} />
        </>
      );
    case 'draw':
      return <EnergyInput {...props} label="Energy that has arrived, in kWh" maxWh={start.mostWh} />;
    case 'open-group':
      return (
        <>
          <p className="dim">
            Members pledge for part of offer {start.offer} at {price(start.price)}. When the target is reached in time, anyone may buy for
            all of them; else each takes his money back. Opening costs nothing and pledges nothing.
          </p>
          <div className="row">
            <EnergyInput {...props} label="Target in kWh" maxWh={start.mostWh} />
            <MinutesInput {...props} label={`Open for, minutes (at most ${start.mostMinutes})`} />
          </div>
        </>
      );
    case 'join-group':
      return (
        <>
          <p>
            Group {start.group} buys at {price(start.price)}. The money is set aside; it comes back if the group does not buy.
          </p>
          <EnergyInput {...props} label="Energy in kWh" maxWh={start.mostWh} />
        </>
      );
    case 'pay-in':
      return (
        <>
          <p>
            From the account to the balance of {wallet.name} in the settlement. It waits in the queue and is applied by one of the next
            rounds; a debt is paid first.
          </p>
          <MoneyInput {...props} label={`Amount in ${currency}`} most={start.most} of="In the account" />
        </>
      );
    case 'pay-out':
      return (
        <>
          <p>
            From the balance of {wallet.name} to its account. One of the next rounds grants it, if the balance still covers all of it then;
            after that it can be collected.
          </p>
          <MoneyInput {...props} label={`Amount in ${currency}`} most={start.most} of="Settled balance" />
        </>
      );
    case 'pay-in-grid':
      return (
        <>
          <p>
            From the operator’s account into what the community’s contract holds for the grid’s supplier, so that everybody can be paid. It
            counts at once and waits for no round.
          </p>
          <MoneyInput {...props} label={`Amount in ${currency}`} most={start.most} of="In the account" />
        </>
      );
    case 'propose-delivery':
      return <DeliveryFields {...props} start={start} />;
    case 'dispute':
      return (
        <>
          <p>
            {start.instalment === undefined
              ? start.stops
                ? `Deal ${start.deal} stops here, and the arbiter decides over it within 7 days. A dispute that is lost stays on the record.`
                : `The arbiter decides over deal ${start.deal} within 7 days. A dispute that is lost stays on the record.`
              : `Only instalment ${start.instalment} of deal ${start.deal} waits for the arbiter, at most 7 days; the deal goes on. A dispute that is lost stays on the record.`}
          </p>
          <TextInput
            label="Reason, 3 to 31 plain letters, kept on the chain"
            maxLength={31}
            value={fields.reason ?? ''}
            onChange={(e) => change({ reason: e.currentTarget.value })}
          />
        </>
      );
    case 'resolve-dispute':
      return (
        <>
          <p>
            Disputed: {start.about}
            {start.reason ? `. Reason given: “${start.reason}”` : ''}. What the seller does not get goes to the buyer. This cannot be
            undone.
          </p>
          <NumberInput
            label="To the seller, %"
            min={0}
            max={100}
            decimalScale={2}
            value={fields.sellerPercent ?? ''}
            onChange={(v) => change({ sellerPercent: v })}
          />
        </>
      );
    default:
      return <p>{sentenceOf(start, wallet, currency)}</p>;
  }
}

function TransferFields({ wallet, fields, change }: FieldsProps) {
  const currency = useCurrency();
  return (
    <>
      <SegmentedControl
        aria-label="What"
        fullWidth
        value={fields.asset ?? 'money'}
        onChange={(v) => change({ asset: v as 'money' | 'energy' })}
        data={[
          { value: 'money', label: 'Money' },
          { value: 'energy', label: 'Energy tokens' },
        ]}
      />
      <Select label="To" searchable value={fields.to ?? null} onChange={(v) => change({ to: v })} data={othersOf(wallet)} />
      {fields.asset === 'energy' ? (
        <EnergyInput fields={fields} change={change} label="Energy in kWh" />
      ) : (
        <NumberInput
          label={`Amount in ${currency}`}
          min={0.0001}
          decimalScale={8}
          value={fields.money ?? ''}
          onChange={(v) => change({ money: v })}
        />
      )}
    </>
  );
}

/** Acts that ask for nothing more. */
function sentenceOf(start: Start, wallet: Wallet, currency: string): string {
  switch (start.kind) {
    case 'close-offer':
      return `Offer ${start.offer} is closed, and what was set aside for it comes back.`;
    case 'leave-group':
      return `The pledge to group ${start.group} is taken back; its money is then owed to this account.`;
    case 'execute-group':
      return `Group ${start.group} buys its whole target. Each member then takes his part.`;
    case 'claim-group':
      return `The part of group ${start.group} that is this member’s goes to its account.`;
    case 'settle-auction':
      return `The time of auction ${start.auction} is over. The highest bidder gets a connection, or the energy goes back.`;
    case 'close-connection':
      return `Connection ${start.connection} ends. What was drawn is paid; of the price of what was not, the seller keeps ${percent(start.closeBps)} and the rest comes back after a day.`;
    case 'withdraw-proposal':
      return `Proposal ${start.deal} is withdrawn, and its bond comes back.`;
    case 'accept-delivery':
      return `${start.count === 1 ? 'The delivery' : `All ${start.count} deliveries`} of deal ${start.deal}, ${energy(start.energyWh, 3)} at ${price(start.price)}. The whole price is set aside now; each delivery is paid a day after it was made, and what is not delivered comes back.`;
    case 'deliver':
      return `Delivery ${start.number} of ${start.count}: ${energy(start.energyWh, 3)} of energy tokens go to the buyer. It is paid a day later, unless somebody disputes it.`;
    case 'stop-deliveries':
      return start.missed
        ? `A delivery was missed. Deal ${start.deal} ends, the price of the rest comes back, and the bond with it after a day.`
        : `No more deliveries are made for deal ${start.deal}. Of the price of the rest the seller keeps ${percent(start.closeBps)}; what remains comes back after a day. Deliveries already made are paid as agreed.`;
    case 'pay-instalments':
      return `Instalments of deal ${start.deal} whose day for disputes is over are paid to the seller.`;
    case 'end-deal':
      return start.missed
        ? `Deal ${start.deal} ends because a delivery was missed. After a day for disputes the buyer gets the price of the rest and the bond.`
        : `Deal ${start.deal} ends because its time is over. Both sides have a day to dispute it.`;
    case 'settle-deal':
      return start.instalment === undefined
        ? `Deal ${start.deal} is paid out by the record.`
        : `Instalment ${start.instalment} of deal ${start.deal} is paid out by the record.`;
    case 'collect':
      return `${money(start.claimable, 4)} ${currency} that rounds have granted are paid to the account of ${wallet.name}.`;
    case 'withdraw':
      return `All that the contract for ${start.venue} owes to ${wallet.name} is paid out to its account, in ${currency}.`;
    default:
      return '';
  }
}
