import type { TrainDemoConfig } from '../../config/train.ts';
import type { Scores } from './evaluate.ts';
import type { Exported } from './write.ts';

/** Scores by the part of the data and by what was shown. */
export type Evaluation = Readonly<Record<string, Readonly<Record<string, Scores>>>>;

/** What each folder of a pair is, and how its graphs are written. */
const ABOUT: Readonly<Record<string, string>> = {
  base: 'text-only language model; one plain graph, opset 17',
  tuned: 'vision-language model (`llava` layout): encoder with projector, embeddings, decoder of fused operators',
  'text-only': 'control: the base fine-tuned on the same questions and answers without pictures',
  'tuned-2': 'control: the fine-tuning with another seed; for its size not among the committed folders',
};

const percent = (share: number) => (100 * share).toFixed(1);

function table(title: string, by: Readonly<Record<string, Scores>>): string {
  const ways = Object.keys(by);
  const kinds = Object.keys(by[ways[0]!] ?? {});
  const rows = kinds.map((kind) => {
    const [first] = ways.map((way) => by[way]![kind]!);
    const cells = ways.map((way) => percent(by[way]![kind]?.right ?? 0));
    return `| ${kind} | ${first!.n} | ${percent(first!.chance)} | ${cells.join(' | ')} |`;
  });
  return [
    `### ${title}`,
    `| kind | n | commonest answer | ${ways.join(' | ')} |`,
    `|---|---|---|${ways.map(() => '---|').join('')}`,
    ...rows,
  ].join('\n');
}

/** The model card of a trained pair, from its config and what was measured. */
export function modelCard(
  config: TrainDemoConfig,
  models: readonly Exported[],
  evaluation: Evaluation,
  perplexities: Readonly<Record<string, number>>,
): string {
  const { decoder: d, encoder: e, stages } = config;
  const sizes = models.map(
    ({ role, parameters }) => `| \`${role}\` | ${ABOUT[role] ?? ''} | ${parameters.toLocaleString('en-US')} |`,
  );
  const told = Object.entries(perplexities).map(([role, value]) => `| \`${role}\` | ${value} |`);
  const tables = Object.entries(evaluation).map(([title, by]) => table(title, by));
  return `# A demo pair

Trained by \`parallax train demo\`, seed ${config.seed}: a text-only language model, the vision-language model made from it, and controls. It shows the method, not the world.

| folder | what | parameters |
|---|---|---|
${sizes.join('\n')}

Decoder: Llama-shaped, d ${d.d}, ${d.layers} layers, ${d.heads} heads of ${d.dHead} on ${d.kvHeads} key-value heads, ${d.vocab} tokens. Encoder: SigLIP-shaped, d ${e.d}, ${e.layers} layers, ${e.image} px in patches of ${e.patch}.
Prompt: \`<s><image>x${(e.image / e.patch) ** 2}\\nUSER: question\\nASSISTANT:\`. Answers begin with a space.
Steps: encoder ${stages.encoder.steps}, base ${stages.base.steps}, projector ${stages.align.steps}, tuned ${stages.tuned.steps}, text-only control ${stages.control.steps}. \`manifest.json\` holds the whole config and every hash.

## Data
Scenes of two or three of 16 things in two sizes on 8 grounds (Noto Emoji, Apache-2.0), with generated questions; the base read the same scenes told in words, and stories (\`fixtures/text\`).
Stories: \`fixtures/text/stories.txt\`, sampled from the base of the project's first pair, which had read samples of BabyLlama tok105 (MIT); so is the tokenizer. Eight of the 120 pairs of things, each thing in one of them, never meet in training; scenes with them are measured apart.

## Known heads
Some heads were told where to look. In the base, for the first ${percent(stages.base.guideUntil)} % of its training: from a question's word for a thing, H1.0 and H1.1 to the words of the text that say where it is, H1.2 and H1.3 to its
names there; H0.0 from a thing to the size before it; from an answer, H2.0 to the first thing that its question names and H2.2 to the last of two. In the tuned model H1.0 and H1.1 began as copiers of two directions of place and were guided, for the first
${percent(stages.tuned.guideUntil)} % of the fine-tuning, to the patches of the thing that a word names.

## Measured
Exact answers in per cent, every token the likeliest one; "commonest answer" is what is right without looking.

${tables.join('\n\n')}

### Stories
| model | perplexity of a token |
|---|---|
${told.join('\n')}

## Limits
A toy world. Colour, size and place are those of the drawings; answers to other questions mean nothing.

## Licences
Weights: Apache-2.0, made for this project. Pictures: Noto Emoji (Apache-2.0, from \`@iconify-json/noto\`). The sha256 of every file stands in \`manifest.json\`, with that of the same weights as safetensors, which the command writes beside the folders.
`;
}
