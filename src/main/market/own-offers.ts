/** Offers the community's own battery makes by itself, late in the time orders are taken, when nobody placed one. Its gateway signs them like any other. */
import type { PlantFile } from '../../shared/plant-file.ts';
import type { Kernel, ProcessImage } from '../kernel/ports.ts';
import { automaticOffer } from './automatic-offer.ts';
import type { Community } from './community.ts';
import type { Gateways } from './gateways.ts';
import { openInterval, ordersCloseAt } from './market-times.ts';
import { effectiveOrders } from './order-store.ts';

export interface OwnOffersDeps {
  readonly community: Community;
  readonly gateways: Pick<Gateways, 'ask'>;
  readonly image: () => ProcessImage | null;
  readonly mayOpenRounds: () => boolean;
}

/** Returns what a turn of the market does about it. */
export function createOwnOffers(kernel: Pick<Kernel, 'store' | 'log' | 'plant'>, deps: OwnOffersDeps): (nowPlantMs: number) => void {
  const { store, plant } = kernel;
  const { community } = deps;
  const rules: PlantFile['market'] = plant.market;
  const log = kernel.log.child('market');
  let offeredFor = -1;

  return (nowPlantMs) => {
    const interval = openInterval(nowPlantMs, rules);
    const openedMs = ordersCloseAt(interval, rules) - rules.intervalMs;
    if (offeredFor === interval || nowPlantMs < openedMs + rules.intervalMs * 0.7 || !deps.mayOpenRounds()) return;
    offeredFor = interval;
    const book = effectiveOrders(store.read, interval);
    for (const member of community.members.filter((m) => m.operatorOwned)) {
      // A person's own order for the interval stands; so does a standing one.
      if (book.some((o) => o.memberId === member.memberId && (o.kind === 'interval' || o.quantityWh > 0))) continue;
      const battery = plant.grid.units.find((u) => u.kind === 'battery' && u.meter === member.deviceId);
      if (!battery?.controller) continue;
      const others = book.filter((o) => o.memberId !== member.memberId);
      const total = (side: 'buy' | 'sell') => others.reduce((sum, o) => sum + (o.side === side ? o.quantityWh : 0), 0);
      const soc = deps.image()?.read(`${battery.controller}.SoC`);
      const offer = automaticOffer({
        othersBuyWh: total('buy'),
        othersSellWh: total('sell'),
        socPercent: soc?.quality === 'good' ? soc.value : null,
        capacityWh: battery.capacityWh ?? 0,
        ratedW: battery.ratedW,
        intervalMs: rules.intervalMs,
        socMinPercent: plant.control.batterySocMinPercent,
        socMaxPercent: plant.control.batterySocMaxPercent,
        importTariff: rules.importTariffMilliCentsPerKwh,
        feedInTariff: rules.feedInTariffMilliCentsPerKwh,
      });
      if (!offer) continue;
      const { side, quantityWh, limitPrice } = offer;
      deps.gateways.ask(member.memberId, { kind: 'interval', interval, side, quantityWh, limitPrice }).then(
        (answer) =>
          log.info('automatic offer', {
            member: member.memberId,
            interval,
            side,
            quantityWh,
            limitPrice,
            why: offer.why,
            answer: answer.result,
          }),
        (cause) => log.warn(`no automatic offer for ${member.name}: its gateway does not answer`, { cause: String(cause) }),
      );
    }
  };
}
