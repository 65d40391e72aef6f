import type { Migration } from '../migration.ts';

/** Mean power over each market interval as the console saw it, for the plant's day. Generation is positive here; battery positive = charging. */
export const migration: Migration = {
  version: 25,
  name: 'day-points',
  up(db) {
    db.exec(`
      CREATE TABLE day_point (
        interval INTEGER PRIMARY KEY,
        load_w REAL,
        solar_w REAL,
        wind_w REAL,
        hydro_w REAL,
        genset_w REAL,
        battery_w REAL,
        exchange_w REAL,
        carbon_g_per_kwh REAL
      ) STRICT;
    `);
  },
};
