import type { z } from 'zod';
import { RELATED, type RunConfig } from './schema.ts';

export type ConfigInput = z.input<typeof RunConfig>;
type DeepPartial<T> = T extends readonly unknown[] ? T : T extends object ? { [K in keyof T]?: DeepPartial<T[K]> } : T;

export interface Preset {
  readonly config: ConfigInput;
  /** What `--full` changes: more data, for a machine and a user with more time. */
  readonly full: DeepPartial<ConfigInput>;
}

/** Folders are relative to the package's root. */
const demoPair: ConfigInput['pair'] = {
  base: 'fixtures/demo/base',
  tuned: 'fixtures/demo/tuned',
  control: 'fixtures/demo/text-only',
};

const demoRelease: ConfigInput['release'] = {
  name: 'demo',
  version: '2026.11.0',
  date: '2026-11-24',
  title: 'The demo pair',
  description: 'A six-layer language model before and after it learned to answer questions about small scenes.',
  authors: [{ name: 'The Parallax authors' }],
};

const full: Preset['full'] = {
  data: { textSamples: 6000, multimodalSamples: 5000 },
  sae: { tokens: { start: 2_000_000, adapt: 800_000 } },
  spatial: { samples: 1000 },
  heads: { samples: 150, features: 64, verify: { samples: 60 }, ablate: { samples: 600, jointSamples: 300 } },
};

/** A preset is a config with a name; a config file starts from one with `"extends": "<name>"`. */
export const PRESETS = {
  /** Every stage and control on the pair that comes with the project. */
  demo: { config: { pair: demoPair, related: [...RELATED], release: demoRelease }, full },
  /** The four stages and both paths, without the controls F2 and C. */
  stages: {
    config: {
      pair: demoPair,
      stages: ['D', 'M'],
      release: { ...demoRelease, name: 'stages', title: 'The demo pair by stages' },
    },
    full,
  },
  /** The paper's choices: S to F only, its selection rule, raw projections and one mean image. */
  paper: {
    config: {
      pair: demoPair,
      stages: [],
      sae: { mask: 'text' },
      spatial: { rule: 'paper', oddsRatio: 3, riskDifference: 0.005, q: 1 },
      heads: { target: 'projection', corrupt: 'mean' },
      release: { ...demoRelease, name: 'paper', title: 'The demo pair by the rules of the paper' },
    },
    full,
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;
export const presetOf = (name: string): Preset | undefined =>
  Object.hasOwn(PRESETS, name) ? PRESETS[name as PresetName] : undefined;
