/** What a member's account does in demand response: offer to draw less during an event, and take home what it earned. Power in W, times Unix s. */
import { z } from 'zod';

const number = z.number().int().positive();

export const EnrolAct = z.object({
  kind: z.literal('enrol'),
  request: number,
  node: number,
  offeredW: number.max(1e9),
  fromS: number.describe('when the event begins'),
  untilS: number,
});
export const CollectAct = z.object({ kind: z.literal('collect-response') });
export type DemandAct = z.infer<typeof EnrolAct> | z.infer<typeof CollectAct>;
