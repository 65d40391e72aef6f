import type { Migration } from '../migration.ts';
import { migration0001 } from './0001-platform.ts';
