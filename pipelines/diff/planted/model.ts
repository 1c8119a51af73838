import { createHash } from 'node:crypto';
import { openDecoder } from '#graph/decoder.ts';
import { f32, i64 } from '#graph/tensor.ts';
import { random } from '#pipelines/data/random.ts';
import type { Sample } from '#pipelines/data/sample.ts';
import { type Encoded, TOKEN_CLASS, type TracedModel } from '#pipelines/models/types.ts';
import type { Sae } from '#pipelines/sae/types.ts';
import { ANSWERS, basisOf, COORDINATE, DECODER, type DecoderOptions, plantedDecoder } from './decoder.ts';

const { dModel: D, things: THINGS, vocab: VOCAB } = DECODER;
const PATCHES = 4;
const WIDTH = 112;
/** Strength of a token's coordinates, and of its noise. */
const STRENGTH = 2;
const NOISE = 0.05;
/** Words: the two answers, `where`, `?`, and one for each thing. */
const WORDS = ['left', 'right', 'where', '?', ...Array.from({ length: THINGS }, (_, k) => `thing${k}`)];

/** A scene of two things, one on each side, and the question where one of them is. `swapped`: the things change places. */
export function plantedSample(seed: number, index: number, swapped = false): Sample {
  const draw = random(seed, 'planted/sample', index);
  const [a, b] = draw.shuffle(Array.from({ length: THINGS }, (_, k) => k)) as [number, number];
  const left = draw.chance(0.5) !== swapped;
  const thing = (k: number, isLeft: boolean) => ({
    name: `thing${k}`,
    size: 'small' as const,
    px: 20,
    x: isLeft ? 28 : 84,
    y: 56,
  });
  return {
    id: `planted/${seed}/${index}`,
    image: { width: WIDTH, height: WIDTH, data: new Uint8Array(0) },
    prompt: `where thing${a} ?`,
    answer: left ? 'left' : 'right',
    truth: {
      scene: { objects: [thing(a, left), thing(b, !left)], background: 'plain' },
      family: 'spatial',
      kind: 'choice',
      relation: left ? 'left of' : 'right of',
      holds: true,
      subject: `thing${a}`,
      object: `thing${b}`,
      opposite: left ? 'right' : 'left',
    },
  };
}

/** The planted decoder as a model of a pair: embeds scenes and questions by hand. */
export async function plantedModel(seed = 0, options: DecoderOptions = {}): Promise<TracedModel> {
  const bytes = plantedDecoder(seed, options);
  const decoder = await openDecoder(bytes);
  const basis = basisOf(seed);
  const coordinates = (id: string, values: Readonly<Record<number, number>>): Float32Array => {
    const draw = random(seed, 'planted/token', id);
    const raw = Float64Array.from({ length: D }, (_, j) => (values[j] ?? 0) + NOISE * draw.normal());
    return Float32Array.from({ length: D }, (_, j) => raw.reduce((sum, x, k) => sum + x * basis[k * D + j]!, 0));
  };
  const patch = (sample: Sample, column: number): Float32Array => {
    const thing = sample.truth?.scene?.objects.find(({ x }) => Math.floor((x * PATCHES) / WIDTH) === column);
    const place = column < PATCHES / 2 ? STRENGTH : -STRENGTH;
    const seen = thing ? { [COORDINATE.identity + Number(thing.name.slice(5))]: STRENGTH } : {};
    return coordinates(`${sample.id}/${column}`, { [COORDINATE.image]: 1, [COORDINATE.place]: place, ...seen });
  };
  const word = (sample: Sample, text: string, place: number): Float32Array => {
    const [, subject] = sample.prompt.split(' ');
    const asked = text === 'where' ? {} : { [COORDINATE.asked + Number(subject!.slice(5))]: STRENGTH };
    return coordinates(`${sample.prompt}/${place}`, { [COORDINATE.text]: 1, ...asked });
  };
  const features = (sample: Sample) => Array.from({ length: PATCHES }, (_, column) => patch(sample, column));
  const tokenize = (text: string) => text.split(' ').map((w) => WORDS.indexOf(w));
  return {
    id: `planted-${seed}`,
    hash: createHash('sha256').update(bytes).digest('hex'),
    sees: true,
    decoder,
    patches: { rows: 1, columns: PATCHES, imageSize: WIDTH },
    async encode(sample, { image = 'own', meanImage, answer = false } = {}): Promise<Encoded> {
      const mean = () => Array.from({ length: PATCHES }, () => meanImage ?? new Float32Array(D));
      const pictured = image === 'none' ? [] : image === 'mean' ? mean() : features(sample);
      const words = [...sample.prompt.split(' '), ...(answer && sample.answer ? [sample.answer] : [])];
      const rows = [...pictured, ...words.map((text, place) => word(sample, text, place))];
      const embeds = new Float32Array(rows.length * D);
      for (const [t, row] of rows.entries()) embeds.set(row, t * D);
      const isImage = (t: number) => t < pictured.length;
      return {
        sample,
        ids: Int32Array.from(rows, (_, t) => (isImage(t) ? VOCAB : WORDS.indexOf(words[t - pictured.length]!))),
        classes: Uint8Array.from(rows, (_, t) => (isImage(t) ? TOKEN_CLASS.image : TOKEN_CLASS.text)),
        embeds,
        afterImage: pictured.length,
      };
    },
    inputs(batch) {
      const pos = Math.max(...batch.map(({ ids }) => ids.length));
      const embeds = new Float32Array(batch.length * pos * D);
      const mask = new BigInt64Array(batch.length * pos);
      for (const [b, encoded] of batch.entries()) {
        embeds.set(encoded.embeds!, b * pos * D);
        mask.fill(1n, b * pos, b * pos + encoded.ids.length);
      }
      return {
        inputs_embeds: f32(embeds, [batch.length, pos, D]),
        attention_mask: i64(mask, [batch.length, pos]),
      };
    },
    async imageFeatures(samples) {
      const out = new Float32Array(samples.length * PATCHES * D);
      for (const [s, sample] of samples.entries())
        for (const [c, row] of features(sample).entries()) out.set(row, (s * PATCHES + c) * D);
      return out;
    },
    async unembed(directions) {
      const out = new Float32Array((directions.length / D) * VOCAB);
      for (let k = 0; k < directions.length / D; k += 1) {
        let along = 0;
        for (let j = 0; j < D; j += 1) along += directions[k * D + j]! * basis[COORDINATE.answer * D + j]!;
        out[k * VOCAB + ANSWERS.left] = along;
        out[k * VOCAB + ANSWERS.right] = -along;
      }
      return out;
    },
    tokenize,
    tokenText: (id) => WORDS[id] ?? '',
    close: () => decoder.close(),
  };
}

/** Index of the planted answer among the features of `plantedDictionary`. */
export const PLANTED_FEATURE = 3;

/** A dictionary of the stream in which one feature is the answer's direction, the others random ones. */
export function plantedDictionary(seed = 0, n = 16): Sae {
  const basis = basisOf(seed);
  const draw = random(seed, 'planted/dictionary');
  const rows = Array.from({ length: n }, (_, i) => {
    if (i === PLANTED_FEATURE) return basis.subarray(COORDINATE.answer * D, (COORDINATE.answer + 1) * D);
    const v = Float64Array.from({ length: D }, () => draw.normal());
    return v.map((x) => x / Math.hypot(...v));
  });
  return {
    d: D,
    n,
    activation: 'relu',
    scale: 1,
    applyBDec: false,
    wEnc: Float32Array.from({ length: D * n }, (_, k) => rows[k % n]![Math.floor(k / n)]!),
    bEnc: new Float32Array(n),
    wDec: Float32Array.from(rows.flatMap((row) => Array.from(row))),
    bDec: new Float32Array(D),
  };
}
