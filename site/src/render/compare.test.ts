import { describe, expect, it } from 'vitest';
import { renderCompare } from './compare.ts';
import { context, examples, feature } from './fixture.ts';

describe('renderCompare', () => {
  it('puts the same rows of two features side by side, and says what was not run', () => {
    const other = { ...feature, id: 'L0F7', spatial: null, stages: { ...feature.stages, cos_s_c: null } };
    const { text } = renderCompare(
      { release: context.release, feature, examples },
      { release: context.release, feature: other, examples: null },
    );
    expect(text).toContain('<th scope="row">turned, S to F</th><td>48°</td><td>48°</td>');
    expect(text).toContain('<th scope="row">control: text-only fine-tune</th><td>8°</td><td>not run</td>');
    expect(text).toContain('holds no examples for it');
    expect(text).toContain(`href="/r/${context.release}/L0F7/"`);
  });
});
