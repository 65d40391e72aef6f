import { describe, expect, it } from 'vitest';
import { automaticOffer } from './automatic-offer.ts';

const store = {
  othersBuyWh: 4_000,
  othersSellWh: 4_000,
  socPercent: 50,
  capacityWh: 200_000,
  ratedW: 80_000,
  intervalMs: 900_000,
  socMinPercent: 10,
  socMaxPercent: 95,
  importTariff: 32_000,
  feedInTariff: 8_000,
};

describe('the community’s battery', () => {
  it('buys the others’ surplus and sells into their shortfall, between the tariffs', () => {
    expect(automaticOffer({ ...store, othersSellWh: 6_000 })).toMatchObject({ side: 'buy', quantityWh: 2_000, limitPrice: 16_400 });
    expect(automaticOffer({ ...store, othersBuyWh: 9_000 })).toMatchObject({ side: 'sell', quantityWh: 5_000, limitPrice: 22_400 });
  });
  it('keeps a margin at both ends and part of its power for the grid', () => {
    expect(automaticOffer({ ...store, othersBuyWh: 90_000 })?.quantityWh).toBe(12_000);
    expect(automaticOffer({ ...store, othersBuyWh: 9_000, socPercent: 26 })?.quantityWh).toBe(2_000);
    expect(automaticOffer({ ...store, othersBuyWh: 9_000, socPercent: 25 })).toBeNull();
    expect(automaticOffer({ ...store, othersSellWh: 9_000, socPercent: 80 })).toBeNull();
  });
  it('offers nothing when its state of charge is not known or nothing is missing', () => {
    expect(automaticOffer({ ...store, othersBuyWh: 9_000, socPercent: null })).toBeNull();
    expect(automaticOffer(store)).toBeNull();
  });
});
