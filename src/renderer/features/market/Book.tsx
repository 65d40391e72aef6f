/** The book of the running interval. Own offers can be withdrawn while orders are taken. */
import { Button } from '@mantine/core';
import { useMemo } from 'react';
import type { Order } from '../../../shared/contract/exchange.ts';
import { useAct, useQuery, useTopic } from '../../app/hooks.ts';
import { useMay } from '../../app/session.ts';
import { Energy, Price } from '../../components/Num.tsx';
import { Empty, FaultLine, Loading } from '../../components/Page.tsx';
import { type Column, Table } from '../../components/Table.tsx';

export const ORDER_STATE: Record<Order['state'], string> = {
  open: 'Open',
  committed: 'Committed',
  filled: 'Filled',
  'part-filled': 'Part filled',
  unfilled: 'Not filled',
  replaced: 'Replaced',
  refused: 'Refused',
};

export function Book() {
  const m = useTopic('market', {}, ({ book, gate }) => ({ book, gate }));
  const members = useQuery('participants.list', {});
  const withdraw = useAct('market.withdrawOffer');
  const { may, why } = useMay('market.withdrawOffer');
  const own = useMemo(() => new Set(members.data?.filter((p) => p.operatorOwned).map((p) => p.id)), [members.data]);
  if (m === undefined) return <Loading rows={6} />;
  if (m.book.length === 0)
    return (
      <Empty
        what="No order for this interval yet."
        how="Members’ gateways send standing orders; they count for every interval until replaced."
      />
    );
  const columns: Column<Order>[] = [
    { id: 'member', head: 'Member', cell: (o) => o.memberName, sort: (o) => o.memberName },
    { id: 'side', head: 'Side', cell: (o) => (o.side === 'buy' ? 'Buys' : 'Sells'), sort: (o) => o.side },
    { id: 'quantity', head: 'Energy', align: 'right', cell: (o) => <Energy wh={o.quantityWh} />, sort: (o) => o.quantityWh },
    { id: 'limit', head: 'Limit', align: 'right', cell: (o) => <Price value={o.limitPrice} />, sort: (o) => o.limitPrice },
    { id: 'kind', head: 'Kind', cell: (o) => (o.kind === 'standing' ? 'Standing' : 'Interval') },
    {
      id: 'state',
      head: 'State',
      cell: (o) => (
        <span title={o.refusal}>
          {ORDER_STATE[o.state]}
          {o.refusal === undefined ? '' : `: ${o.refusal}`}
        </span>
      ),
      sort: (o) => o.state,
    },
    {
      id: 'act',
      head: 'Acts',
      align: 'right',
      cell: (o) =>
        own.has(o.member) && o.kind === 'interval' && o.state === 'open' ? (
          <Button
            size="xs"
            disabled={!may || m.gate !== 'open'}
            title={m.gate !== 'open' ? 'Orders have closed; the book is frozen.' : why}
            loading={withdraw.busy}
            onClick={() => void withdraw.run({ order: o.id })}
          >
            Withdraw
          </Button>
        ) : null,
    },
  ];
  return (
    <>
      <FaultLine fault={withdraw.fault} />
      <Table caption="Order book" columns={columns} rows={m.book} keyOf={(o) => o.id} dense maxHeight={506} />
    </>
  );
}
