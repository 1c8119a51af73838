import type { Estimate, Feature, HeadRecord } from '../../release/schema/index.ts';

const figure = (x: number | null): string => (x === null ? '-' : Number.isInteger(x) ? String(x) : x.toPrecision(3));

/** `0.71 [0.62, 0.79], n 48` */
export const estimate = ({ value, low, high, n }: Estimate): string =>
  `${figure(value)}${low === null || high === null ? '' : ` [${figure(low)}, ${figure(high)}]`}, n ${n}`;

/** Lines of a card: a name and what is to be said, in the order shown; nothing to say, no line. */
type Row<T> = readonly [name: string, say: (record: T) => string | undefined];

const list = <T>(items: readonly T[], say: (item: T) => string, most = 8): string | undefined =>
  items.length === 0 ? undefined : items.slice(0, most).map(say).join(', ');

const flagsOf = ({ flags }: Feature): string | undefined =>
  list(
    Object.entries(flags).filter(([, set]) => set),
    ([name]) => name.replace('_', ' '),
  );

const FEATURE: readonly Row<Feature>[] = [
  [
    'label',
    ({ label }) => `${label.text} (by ${label.maker}${label.score === null ? '' : `, score ${figure(label.score)}`})`,
  ],
  ['', ({ sentence }) => sentence],
  ['class', (f) => `${f.class}, dominance ${figure(f.dominance)}`],
  ['flags', flagsOf],
  ['vision preference', (f) => estimate(f.preference)],
  [
    'energy',
    ({ energy: e }) =>
      `vision ${figure(e.vision)} (image ${figure(e.image_tokens)}, text ${figure(e.text_tokens)}), text ${figure(e.text)}`,
  ],
  [
    'rotation',
    ({ stages }) =>
      list(
        Object.entries(stages).filter(
          (entry): entry is [string, number] => entry[0].startsWith('cos_') && entry[1] !== null,
        ),
        ([name, x]) => `${name.slice(4).toUpperCase().replace('_', '-')} ${figure(x)}`,
      ),
  ],
  [
    'fires on',
    ({ frequency: q }) =>
      `${figure(100 * q.image)} % of image tokens, ${figure(100 * q.text)} % of text after an image, ${figure(100 * q.base_text)} % of base text`,
  ],
  [
    'spatial',
    ({ spatial }) =>
      spatial
        ? `held-out difference ${estimate(spatial.heldout.risk_difference)}, q ${figure(spatial.select.q)}`
        : undefined,
  ],
  [
    'relations',
    ({ spatial }) => (spatial ? list(spatial.relations, (r) => `${r.relation} ${figure(r.auroc.value)}`) : undefined),
  ],
  ['heads', ({ heads }) => list(heads, (h) => `${h.head} ${figure((h.exact ?? h.estimate).value)} ${h.status}`)],
  ['promotes', ({ promoted }) => list(promoted, ({ token }) => JSON.stringify(token))],
  ['suppresses', ({ suppressed }) => list(suppressed, ({ token }) => JSON.stringify(token))],
  ['neighbours', ({ neighbours }) => list(neighbours, (n) => `${n.id} ${figure(n.cosine)}`)],
  ['fires like', ({ matches }) => list(matches, (m) => `${m.id} ${figure(m.correlation)}`)],
];

const HEAD: readonly Row<HeadRecord>[] = [
  ['', ({ sentence }) => sentence],
  ['rank', ({ rank }) => String(rank)],
  ['rank by ablation', ({ ablation_rank }) => ablation_rank?.toString()],
  ['spatial effect', ({ spatial_effect }) => estimate(spatial_effect)],
  ['on random features', ({ random_effect }) => (random_effect ? estimate(random_effect) : undefined)],
  [
    'attention to image',
    ({ image_mass }) =>
      image_mass
        ? `${estimate(image_mass.tuned)}${image_mass.base ? `; base ${estimate(image_mass.base)}` : ''}`
        : undefined,
  ],
  [
    'ablation',
    ({ ablation }) => list(ablation, (a) => `${a.task} ${a.measure.replace('_', ' ')} ${figure(a.effect.value)}`),
  ],
  ['feeds', ({ features }) => list(features, (f) => `${f.id} ${figure(f.exact ?? f.estimate)} ${f.status}`)],
];

function lines<T>(title: string, rows: readonly Row<T>[], record: T): string[] {
  const said = rows
    .map(([name, say]) => [name, say(record)] as const)
    .filter(([, words]) => words !== undefined && words !== '');
  return [title, ...said.map(([name, words]) => `  ${name.padEnd(20)}${words}`)];
}

export const featureCard = (release: string, feature: Feature): string[] =>
  lines(`${release} ${feature.id}`, FEATURE, feature);
export const headCard = (release: string, head: HeadRecord): string[] => lines(`${release} ${head.id}`, HEAD, head);
