import { describe, expect, it } from 'vitest';
import { layerFigure } from './by-layer.ts';
import { dotFigure } from './dots.ts';
import { csvOf, draw, type Figure, NARROW, WIDE } from './figure.ts';

const of = (value: number, n = 20) => ({ value, low: value - 0.1, high: value + 0.1, n });
const line = (name: string, control: boolean, values: readonly number[]) => ({
  name,
  facet: '',
  tone: control ? 'var(--control)' : 'var(--vision)',
  control,
  rows: values.map((value, layer) => ({ layer, of: of(value) })),
});

describe('a figure by layer', () => {
  const figure = layerFigure({
    name: 'x',
    caption: 'c',
    axis: 'score (share)',
    series: [line('shuffled', true, [0.1, 0.5]), line('own', false, [0.3, 0.51])],
    mark: { layer: 1, text: 'here' },
  }) as Figure;

  it('has every value with its interval and n in its table, the control among them', () => {
    expect(csvOf(figure).trim().split('\r\n')).toEqual([
      'layer,series,score (share),low,high,n',
      '0,shuffled,0.1,0,0.2,20',
      '1,shuffled,0.5,0.4,0.6,20',
      '0,own,0.3,0.19999999999999998,0.4,20',
      '1,own,0.51,0.41000000000000003,0.61,20',
    ]);
    expect(figure.alt).toContain('own: 0.30 in layer 0, 0.51 in layer 1');
  });

  it('names its lines where they end, apart from each other, and marks the layer', () => {
    const svg = draw(figure, WIDE);
    const place = (text: string): number =>
      Number(new RegExp(`translate\\([^,]+,([\\d.]+)\\)"[^>]*>${text}<`).exec(svg)?.[1]);
    expect(place('shuffled') - place('own')).toBeGreaterThan(10);
    expect(svg).toContain('>here<');
    expect(draw(figure, NARROW)).not.toContain('>shuffled<');
  });

  it('is none without values', () => {
    expect(layerFigure({ name: 'x', caption: '', axis: '', series: [line('own', false, [])] })).toBeNull();
  });
});

describe('a figure of dots', () => {
  it('puts the control beneath its value, in the picture and in the table', () => {
    const figure = dotFigure({
      name: 'x',
      caption: 'c',
      axis: 'share',
      rows: [
        {
          label: 'apple',
          series: 'own',
          tone: 'var(--vision)',
          of: { ...of(0.5), control: { kind: 'other', ...of(0.1, 9) } },
        },
      ],
    }) as Figure;
    expect(figure.rows.map(([, series, value, , , n]) => [series, value, n])).toEqual([
      ['own', 0.5, 20],
      ['other', 0.1, 9],
    ]);
    expect(draw(figure, WIDE).match(/<circle/g)).toHaveLength(2);
    expect(dotFigure({ name: 'x', caption: '', axis: '', rows: [] })).toBeNull();
  });
});
