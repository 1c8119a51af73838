import { ParallaxError } from '../../config/errors.ts';
import { explain } from '../../config/explain.ts';
import { merge, parseOverride } from '../../config/load.ts';
import { TrainDemoConfig } from '../../config/train.ts';
import { PARTS } from './stages.ts';

/** The committed graphs are the templates of the export: only their shape can be written. */
function checkShape({ decoder, encoder }: TrainDemoConfig): void {
  const own = TrainDemoConfig.parse({});
  for (const [part, given, known] of [
    ['decoder', decoder, own.decoder],
    ['encoder', encoder, own.encoder],
  ] as const)
    for (const [key, value] of Object.entries(known))
      if (given[key as keyof typeof given] !== value)
        throw new ParallaxError(
          `${part}.${key} is ${given[key as keyof typeof given]}, the graphs that are filled have ${value}`,
          `leave ${part}.${key} at ${value}`,
          { misuse: true },
        );
}

/** The config of a training: defaults, then the seed, then `--set`, then all steps times `scale`. Throws `ParallaxError` (misuse). */
export function trainSettings(seed: number, overrides: readonly string[], scale: number): TrainDemoConfig {
  const given = overrides.map(parseOverride).reduce<unknown>(merge, { seed });
  const parsed = TrainDemoConfig.safeParse(given);
  if (!parsed.success) throw explain(TrainDemoConfig, parsed.error, 'train demo');
  checkShape(parsed.data);
  const stages = Object.entries(parsed.data.stages).map(([name, stage]) => [
    name,
    { ...stage, steps: Math.max(1, Math.round(stage.steps * scale)) },
  ]);
  return { ...parsed.data, stages: Object.fromEntries(stages) as TrainDemoConfig['stages'] };
}

/** Parts by name, all where none is named. Throws `ParallaxError` (misuse) on an unknown one. */
export function checkParts(names: readonly string[]): readonly string[] {
  for (const name of names)
    if (!Object.hasOwn(PARTS, name))
      throw new ParallaxError(`--stage ${name} is unknown`, `choose from ${Object.keys(PARTS).join(', ')}`, {
        misuse: true,
      });
  return names.length > 0 ? names : Object.keys(PARTS);
}
