/**
 * Metadata of an achievement as its contract makes it. It is data and nothing else: parsed strictly, bounded, and the picture only passed on
 * as an image's address, in which nothing runs. What does not fit is left out.
 */
import { z } from 'zod';

const MOST_BYTES = 60_000;
const Metadata = z.object({
  name: z.string().max(200),
  description: z.string().max(500).optional(),
  image: z
    .string()
    .max(MOST_BYTES)
    .regex(/^data:image\/svg\+xml;base64,[A-Za-z0-9+/=]+$/)
    .optional(),
});
export interface AchievementMetadata {
  readonly description: string | null;
  readonly image: string | null;
}

export function parseTokenUri(uri: unknown): AchievementMetadata | null {
  if (typeof uri !== 'string' || uri.length > 2 * MOST_BYTES) return null;
  const [, encoded] = /^data:application\/json;base64,([A-Za-z0-9+/=]+)$/.exec(uri) ?? [];
  if (encoded === undefined) return null;
  try {
    const parsed = Metadata.safeParse(JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')));
    return parsed.success ? { description: parsed.data.description ?? null, image: parsed.data.image ?? null } : null;
  } catch {
    return null;
  }
}
