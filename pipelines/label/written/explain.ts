import type { TokenWeight } from '#release/schema/index.ts';
import type { HitTokens } from '../facts.ts';
import { activeMarks, showHit } from './show.ts';
import type { TextModel } from './text-model.ts';

const SYSTEM = [
  'You name features of a neural network that reads a picture, cut into patches, and then a text.',
  'You are shown samples on which one feature is active; the patches and words where it is active are marked «like this».',
  'Say what the marked places have in common, in one short phrase of at most fifteen words. Answer with the phrase alone.',
].join(' ');

const LONGEST = 200;

/** The first line of an answer, without quotes and without a heading such as "Explanation:". */
export function cleanPhrase(answer: string): string {
  const line = answer.split('\n').find((text) => text.trim() !== '') ?? '';
  const plain = line.replace(/^\s*(explanation|label|phrase|answer)\s*:\s*/i, '').replace(/^["'“”\s]+|["'“”\s]+$/g, '');
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST).trimEnd()}…` : plain;
}

/** Asks the language model what a feature's strongest hits have in common. */
export async function explain(
  model: TextModel,
  hits: readonly HitTokens[],
  promoted: readonly TokenWeight[],
): Promise<string> {
  const shown = hits.map((hit, i) => `Sample ${i + 1}\n${showHit(hit, activeMarks(hit))}`);
  const raised = promoted.map(({ token }) => token.trim()).filter((token) => token !== '');
  const effect = raised.length > 0 ? [`When active it makes these words likelier: ${raised.join(', ')}.`] : [];
  return cleanPhrase(await model.complete(SYSTEM, [...shown, ...effect].join('\n\n')));
}
