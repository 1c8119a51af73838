import { HtmlValidate } from 'html-validate';
import { describe, expect, it } from 'vitest';
import { renderFeature } from './feature.ts';
import { context, examples, feature, manifest } from './fixture.ts';

const validator = new HtmlValidate({
  extends: ['html-validate:recommended'],
  rules: {
    'no-inline-style': 'error',
    'long-title': 'off',
    'void-style': 'off',
    'no-trailing-whitespace': 'off',
    'svg-focusable': 'off',
  },
});
const page = (main: string, head: string): string =>
  `<!DOCTYPE html><html lang="en"><head>${head}</head><body><main>${main}</main></body></html>`;

describe('renderFeature', () => {
  const { head, main } = renderFeature(feature, examples, manifest, context);

  it('is valid HTML without inline styles or scripts', async () => {
    const report = await validator.validateString(page(main, head));
    expect(
      report.results.flatMap((r) => r.messages.map((m) => `${m.ruleId} ${m.line}:${m.column} ${m.message}`)),
    ).toEqual([]);
    expect(main).not.toMatch(/<script|\sstyle=|\son\w+=/);
  });

  it('escapes what comes from a release', () => {
    expect(main).toContain('left &lt;of&gt; the dog');
    expect(head).toContain('left &lt;of&gt; the dog');
  });

  it('shows every claim with its n and its control', () => {
    expect(main).toContain('random direction, n 150');
    expect(main).toContain('n 400');
    expect(main.match(/not distinguishable from the control/g)).toHaveLength(1);
  });

  it('says what was not run instead of leaving a hole', () => {
    const bare = {
      ...feature,
      spatial: null,
      heads: [],
      concentration: null,
      causal: [],
      latent_scaling: null,
      matches: [],
      stages: {
        ...feature.stages,
        cos_s_d: null,
        cos_s_m: null,
        cos_s_c: null,
        cos_s_f2: null,
        cos_d_f: null,
        cos_m_f: null,
        cos_f_f2: null,
      },
    };
    const text = renderFeature(bare, null, { ...manifest, stages: ['S', 'F'] }, context).main;
    for (const words of [
      'spatial test was not run',
      'No head was traced',
      'Causal tests on this feature were not run',
      'Latent scaling was not run',
      'holds no examples',
      'Stages not run in this release: D, M, F2, C',
    ])
      expect(text).toContain(words);
  });

  it('walks to the features before and after', () => {
    expect(main).toContain('href="/r/demo@2026.11.0-0123456789ab/L2F40/"');
    expect(main).toContain('href="/r/demo@2026.11.0-0123456789ab/L2F42/"');
  });
});
