import { describe, expect, it } from 'vitest';
import { parseTokenUri } from './achievement-metadata.ts';

const svg = `data:image/svg+xml;base64,${Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64')}`;
const uri = (content: unknown) => `data:application/json;base64,${Buffer.from(JSON.stringify(content)).toString('base64')}`;

describe('an achievement’s metadata', () => {
  it('is taken as a text and the address of a picture', () => {
    const parsed = parseTokenUri(uri({ name: 'First MWh exported', description: 'A milestone', image: svg }));
    expect(parsed).toEqual({ description: 'A milestone', image: svg });
  });
  it('is left out when it points elsewhere, is something else than a picture, or is too large', () => {
    for (const image of ['https://example.org/x.svg', 'javascript:alert(1)', 'data:text/html;base64,AAAA', `${svg}${'A'.repeat(70_000)}`])
      expect(parseTokenUri(uri({ name: 'x', image }))).toBeNull();
    for (const odd of [null, 7, 'https://example.org', 'data:application/json;base64,!!', uri('text'), uri({ name: 7 })])
      expect(parseTokenUri(odd)).toBeNull();
  });
});
