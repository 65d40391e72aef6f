import type { Migration } from '../migration.ts';

/** Granular certificates, EnergyTag states. One per device and interval, never twice. */
export const migration: Migration = {
  version: 24,
  name: 'certificates',
  up(db) {
    db.exec(`
      CREATE TABLE certificate (
        id TEXT PRIMARY KEY,
        number INTEGER NOT NULL UNIQUE,
        interval INTEGER NOT NULL,
        meter_id INTEGER NOT NULL,
        device_id TEXT NOT NULL,
        technology TEXT NOT NULL,
        energy_wh INTEGER NOT NULL CHECK (energy_wh > 0),
        holder TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('active', 'reserved', 'locked', 'cancelled', 'claimed', 'expired', 'withdrawn')),
        beneficiary TEXT,
        issued_ms INTEGER NOT NULL,
        expires_plant_ms INTEGER NOT NULL,
        reading_sequence INTEGER NOT NULL,
        chain_token TEXT,
        UNIQUE (device_id, interval)
      ) STRICT;
      CREATE INDEX certificate_interval ON certificate (interval);
      CREATE TABLE certificate_event (
        certificate_id TEXT NOT NULL REFERENCES certificate (id),
        time_ms INTEGER NOT NULL,
        state TEXT NOT NULL,
        text TEXT NOT NULL
      ) STRICT;
    `);
  },
};
