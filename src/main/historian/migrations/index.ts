/** Every step of the schema, in order. Ranges: 1-9 platform, 10-19 field and emergency, 20-39 exchange. */
import type { Migration } from '../migration.ts';
import { migration0001 } from './0001-platform.ts';
import { migration as commands } from './0010-commands.ts';
import { migration as deviceLifecycle } from './0011-device-lifecycle.ts';
import { migration as tagsAndModes } from './0012-tags-and-modes.ts';
import { migration as emergency } from './0013-emergency.ts';
import { migration as readings } from './0020-readings.ts';
import { migration as market } from './0021-market.ts';
import { migration as settlement } from './0022-settlement.ts';
import { migration as outbox } from './0023-outbox.ts';
import { migration as certificates } from './0024-certificates.ts';
import { migration as dayPoints } from './0025-day-points.ts';
import { migration as wallet } from './0026-wallet.ts';
import { migration as openings } from './0027-openings.ts';
import { migration as lateCommitments } from './0028-late-commitments.ts';
import { migration as parts } from './0029-parts.ts';
import { migration as admission } from './0030-admission.ts';
import { migration as meterAccounts } from './0031-meter-accounts.ts';
import { migration as cancelledCertificates } from './0032-cancelled-certificates.ts';
import { migration as gridLedger } from './0034-grid-ledger.ts';
import { migration as keyEpochs } from './0037-key-epochs.ts';

export const migrations: readonly Migration[] = [
  migration0001,
  commands,
  deviceLifecycle,
  tagsAndModes,
  emergency,
  readings,
  market,
  settlement,
  outbox,
  certificates,
  dayPoints,
  wallet,
  openings,
  lateCommitments,
  parts,
  admission,
  meterAccounts,
  cancelledCertificates,
  gridLedger,
  keyEpochs,
];
