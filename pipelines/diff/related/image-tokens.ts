import type { Controlled, Estimate, ImageTokenRow, QualityRow, RelatedFile } from '#release/schema/index.ts';

/** Dictionary of the base's text, and the stream on whose pictures it is judged. */
const STAGE = 'S';
const STREAM = 'tuned/scenes';
const CONTROL = 'text tokens of the same samples';
/** Error on image tokens, in units of that on text tokens, up to which the two count as met. */
const LIMIT = 1.25;

const beside = (image: Estimate, text: Estimate): Controlled => ({ ...image, control: { kind: CONTROL, ...text } });

/** How well the dictionary of the base's text fits image tokens, by layer, from its quality card; null where it has none on pictures. */
export function imageTokens(quality: readonly QualityRow[]): RelatedFile['image_tokens'] {
  const own = quality.filter(({ stage, stream }) => stage === STAGE && stream === STREAM);
  const rows = own
    .filter(({ token_class }) => token_class === 'image')
    .flatMap((image): ImageTokenRow[] => {
      const text = own.find((row) => row.layer === image.layer && row.token_class === 'text');
      if (!text) return [];
      return [
        {
          layer: image.layer,
          fvu: beside(image.fvu, text.fvu),
          l0: beside(image.l0, text.l0),
          dead_fraction: { image: image.dead_fraction, text: text.dead_fraction },
        },
      ];
    })
    .sort((a, b) => a.layer - b.layer);
  if (rows.length === 0) return null;
  return { rows, convergence: { layer: convergenceOf(rows), limit: LIMIT } };
}

/** The first layer from which on every row is within the limit. */
function convergenceOf(rows: readonly ImageTokenRow[]): number | null {
  const met = ({ fvu }: ImageTokenRow) => fvu.control !== null && fvu.value <= LIMIT * fvu.control.value;
  const last = rows.findLastIndex((row) => !met(row));
  return rows[last + 1]?.layer ?? null;
}
