import type { Migration } from '../migration.ts';

/** Cancelled certificates are looked over again and again on their way to the chain; they are few among many. */
export const migration: Migration = {
  version: 32,
  name: 'cancelled certificates',
  up(db) {
    db.exec("CREATE INDEX certificate_cancelled ON certificate (number) WHERE state = 'cancelled'");
  },
};
