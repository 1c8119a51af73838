import type { Random } from '../random.ts';
import type { Scene, Truth } from '../sample.ts';

/** A question about a scene with its right answer and what is true of it. */
export interface Question {
  readonly kind: string;
  readonly prompt: string;
  readonly answer: string;
  readonly relation?: NonNullable<Truth['relation']>;
  readonly holds?: boolean;
  readonly subject?: string;
  readonly object?: string;
}

/** Asks one kind of question; undefined where the scene does not allow it. */
export type Ask<Context> = (random: Random, scene: Scene, about: Context) => Question | undefined;

/** One kind of question of a family, with its share among the draws. */
export interface Kind<Context> {
  readonly weight: number;
  readonly ask: Ask<Context>;
}

/** Draws a kind by weight and asks it, up to `tries` times. */
export function askOneOf<Context>(
  kinds: readonly Kind<Context>[],
  random: Random,
  scene: Scene,
  about: Context,
  tries: number,
): Question | undefined {
  const weights = kinds.map((kind) => kind.weight);
  for (let i = 0; i < tries; i++) {
    const question = kinds[random.weighted(weights)]!.ask(random, scene, about);
    if (question) return question;
  }
  return undefined;
}
