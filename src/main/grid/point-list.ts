import type { z } from 'zod';
import type { PointInfo } from '../../shared/contract/grid.ts';

export type PointSummary = z.infer<typeof PointInfo>;
