import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Estimate } from '#release/schema/estimate.ts';
import type { QualityRow } from '#release/schema/quality.ts';
import type { CardSettings } from '../../sae/card.stage.ts';
import { run } from '../../sae/card.stage.ts';

/** Held-out samples on which the loss is measured, and the model that reads them. */
export type LossSource = NonNullable<CardSettings['loss']> & { readonly model: string };

/** The quality card of a dictionary on harvest folders, as the pipeline makes it. */
export async function qualityOf(
  folder: string,
  stores: readonly string[],
  layer: number,
  seed: number,
  loss: LossSource | undefined,
): Promise<QualityRow[]> {
  const out = await mkdtemp(join(tmpdir(), 'parallax-card-'));
  const { model, ...measured } = loss ?? {};
  try {
    await run({
      settings: { stage: folder, layer, stream: stores.join(' '), seed, loss: loss ? measured : null },
      inputs: {
        sae: resolve(folder),
        ...Object.fromEntries(stores.map((store, i) => [`activations/${i}`, resolve(store)])),
      },
      files: model ? { model: resolve(model) } : {},
      out,
      device: 'cpu',
      progress() {},
      log() {},
    });
    return (JSON.parse(await readFile(join(out, 'card.json'), 'utf8')) as { rows: QualityRow[] }).rows;
  } finally {
    await rm(out, { recursive: true });
  }
}

const digits = (x: number): string => Number(x.toPrecision(4)).toString();
const percent = (x: number): string => `${digits(100 * x)} %`;
const interval = ({ value, low, high }: Estimate): string =>
  low === null || high === null ? digits(value) : `${digits(value)} [${digits(low)}, ${digits(high)}]`;

/** The card in words: a class of token, then its figures; intervals are over samples. */
export function qualityLines(rows: readonly QualityRow[]): string[] {
  return rows.flatMap((row) => {
    const { cross_entropy: loss, frequency } = row;
    const figures: readonly (readonly [string, string])[] = [
      ['FVU', interval(row.fvu)],
      ['explained variance', interval(row.explained_variance)],
      ['L0', interval(row.l0)],
      ['dead, dense', `${percent(row.dead_fraction)}, ${percent(row.dense_fraction)}`],
      ['loss recovered', row.loss_recovered ? interval(row.loss_recovered) : 'not measured (--model, --dataset)'],
      ...(loss
        ? [
            [
              'loss, nats',
              `clean ${digits(loss.clean)}, spliced ${digits(loss.spliced)}, zero ${digits(loss.zero)}, mean ${digits(loss.mean)}`,
            ] as const,
          ]
        : []),
      ...(frequency
        ? [
            [
              'features by log10 f',
              `${frequency.edges[0]} to ${frequency.edges.at(-1)}: ${frequency.counts.join(' ')}`,
            ] as const,
          ]
        : []),
    ];
    return [
      `${row.token_class}: n ${row.tokens} tokens of ${row.fvu.n} samples`,
      ...figures.map(([name, value]) => `  ${name.padEnd(20)}${value}`),
    ];
  });
}
