import type { Migration } from '../migration.ts';

/** Market clock, members' signed orders, market rounds with the committed book and what each member got. Money in micro-cents as decimal text. */
export const migration: Migration = {
  version: 21,
  name: 'market',
  up(db) {
    db.exec(`
      CREATE TABLE market_clock (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        plant_time_ms INTEGER NOT NULL,
        wall_time_ms INTEGER NOT NULL,
        speed REAL NOT NULL
      ) STRICT;
      CREATE TABLE member_order (
        id TEXT PRIMARY KEY,
        member_id TEXT NOT NULL,
        meter_id INTEGER NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('standing', 'interval')),
        interval INTEGER NOT NULL,
        side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
        quantity_wh INTEGER NOT NULL,
        limit_price INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        signature TEXT NOT NULL,
        received_ms INTEGER NOT NULL,
        received_plant_ms INTEGER NOT NULL,
        UNIQUE (meter_id, sequence)
      ) STRICT;
      CREATE INDEX member_order_member ON member_order (member_id, sequence);
      CREATE TABLE round (
        interval INTEGER PRIMARY KEY,
        -- measure: nobody could trade in it, it only takes the registers
        kind TEXT NOT NULL DEFAULT 'market' CHECK (kind IN ('market', 'measure')),
        state TEXT NOT NULL CHECK (state IN ('committed', 'cleared', 'metered', 'proving', 'proven', 'sent', 'settled', 'failed')),
        price INTEGER,
        traded_wh INTEGER NOT NULL DEFAULT 0,
        welfare TEXT NOT NULL DEFAULT '0',
        orders_root TEXT,
        late_committed INTEGER NOT NULL DEFAULT 0,
        message TEXT,
        grid_money TEXT NOT NULL DEFAULT '0',
        committed_ms INTEGER NOT NULL,
        cleared_ms INTEGER,
        metered_ms INTEGER,
        proving_ms INTEGER,
        proven_ms INTEGER,
        sent_ms INTEGER,
        settled_ms INTEGER
      ) STRICT;
      CREATE INDEX round_open ON round (state) WHERE state NOT IN ('settled', 'failed');
      CREATE TABLE round_order (
        interval INTEGER NOT NULL REFERENCES round (interval),
        position INTEGER NOT NULL,
        meter_id INTEGER NOT NULL,
        order_id TEXT NOT NULL REFERENCES member_order (id),
        salt TEXT NOT NULL,
        filled_wh INTEGER,
        PRIMARY KEY (interval, position),
        UNIQUE (interval, order_id)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE round_member (
        interval INTEGER NOT NULL REFERENCES round (interval),
        meter_id INTEGER NOT NULL,
        position_wh INTEGER NOT NULL,
        import_wh INTEGER,
        export_wh INTEGER,
        imbalance_wh INTEGER,
        money TEXT NOT NULL,
        balance_after TEXT,
        reading_sequence INTEGER,
        PRIMARY KEY (interval, meter_id)
      ) STRICT, WITHOUT ROWID;
    `);
  },
};
