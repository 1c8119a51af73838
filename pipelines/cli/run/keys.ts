import { ParallaxError } from '../../config/errors.ts';
import type { Json, Stage } from '../../config/stage.ts';
import { hashJson } from './canonical.ts';

/** A stage with the hash of everything that its output depends on. */
export interface KeyedStage extends Stage {
  readonly key: string;
  readonly inputKeys: Readonly<Record<string, string>>;
  readonly fileHashes: Readonly<Record<string, string>>;
}

/** Stages in an order in which every stage follows its inputs, otherwise as given. Throws on an unknown input, a double name or a circle. */
export function inOrder(stages: readonly Stage[]): Stage[] {
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  const wrong = (what: string) => new ParallaxError(`the plan is broken: ${what}`, 'mend cli/pipeline.ts');
  if (byName.size !== stages.length) throw wrong('two stages have one name');
  const state = new Map<string, 'open' | 'done'>();
  const order: Stage[] = [];
  const visit = (stage: Stage) => {
    if (state.get(stage.name) === 'done') return;
    if (state.get(stage.name) === 'open') throw wrong(`stage ${stage.name} needs itself`);
    state.set(stage.name, 'open');
    for (const name of Object.values(stage.inputs)) {
      const input = byName.get(name);
      if (!input) throw wrong(`stage ${stage.name} needs ${name}, which does not exist`);
      visit(input);
    }
    state.set(stage.name, 'done');
    order.push(stage);
  };
  for (const stage of stages) visit(stage);
  return order;
}

/**
 * Keys of all stages: settings, keys of the inputs, contents of the files, code version and the tools that compute.
 * @param hashOf content hash of an outside file or folder
 * @param tools versions and device that the bytes may depend on
 */
export async function withKeys(
  stages: readonly Stage[],
  hashOf: (path: string) => Promise<string>,
  tools: Json,
): Promise<KeyedStage[]> {
  const keys = new Map<string, string>();
  const keyed: KeyedStage[] = [];
  for (const stage of inOrder(stages)) {
    const inputKeys = Object.fromEntries(Object.entries(stage.inputs).map(([role, name]) => [role, keys.get(name)!]));
    const fileHashes: Record<string, string> = {};
    for (const [role, path] of Object.entries(stage.files)) fileHashes[role] = await hashOf(path);
    const { module, version, settings } = stage;
    const key = hashJson({ module, version, settings, inputs: inputKeys, files: fileHashes, tools });
    keys.set(stage.name, key);
    keyed.push({ ...stage, key, inputKeys, fileHashes });
  }
  return keyed;
}
