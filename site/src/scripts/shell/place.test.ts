import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeOf } from './place.ts';

const ID = 'demo@2026.11.0-0123456789ab';

describe('placeOf', () => {
  it('reads features and heads, by release id or name, with or without the last slash', () => {
    expect(placeOf(`/r/${ID}/L3F12/`)).toEqual({
      embedded: false,
      release: { kind: 'id', text: ID },
      record: { kind: 'feature', layer: 3, index: 12 },
    });
    expect(placeOf('/embed/r/demo/H1.0')).toEqual({
      embedded: true,
      release: { kind: 'name', text: 'demo' },
      record: { kind: 'head', layer: 1, head: 0 },
    });
    expect(placeOf(`/r/${ID.replace('@', '%40')}/L3F12`)?.release.text).toBe(ID);
  });
  it('refuses the rest', () => {
    for (const path of [
      '/',
      '/r/',
      `/r/${ID}/`,
      `/r/${ID}/L3F012`,
      `/r/${ID}/L3F1.json`,
      '/r/demo/../L1F1',
      '/%E0%A4%A',
    ])
      expect(placeOf(path)).toBeNull();
  });
  it('never fails', () => {
    fc.assert(
      fc.property(fc.webPath(), (path) => {
        expect(() => placeOf(path)).not.toThrow();
      }),
    );
  });
});
