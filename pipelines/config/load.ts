import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ParallaxError } from './errors.ts';
import { explain } from './explain.ts';
import { nearest } from './nearest.ts';
import { portableData, portablePath } from './paths.ts';
import { PRESETS, presetOf } from './presets.ts';
import { RunConfig } from './schema.ts';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `over` laid on `under`: objects key by key, everything else replaced. */
export function merge(under: unknown, over: unknown): unknown {
  if (!isFields(under) || !isFields(over)) return over;
  const merged = new Map<string, unknown>(Object.entries(under));
  for (const [key, value] of Object.entries(over))
    merged.set(key, merged.has(key) ? merge(merged.get(key), value) : value);
  return Object.fromEntries(merged);
}

/** `sae.k=8` as `{ sae: { k: 8 } }`; the value is JSON, or else a string. */
export function parseOverride(text: string): Fields {
  const at = text.indexOf('=');
  if (at < 1)
    throw new ParallaxError(`--set ${text}: no value`, 'write --set key=value, as in --set sae.k=8', { misuse: true });
  const raw = text.slice(at + 1);
  let value: unknown = raw;
  try {
    value = JSON.parse(raw);
  } catch {
    // Not JSON: the words themselves are the value.
  }
  return text
    .slice(0, at)
    .split('.')
    .reduceRight<unknown>((inner, key) => Object.fromEntries([[key, inner]]), value) as Fields;
}

function unknownPreset(name: string): ParallaxError {
  const names = Object.keys(PRESETS);
  const meant = nearest(name, names);
  return new ParallaxError(
    `"${name}" is neither a preset nor a config file`,
    meant ? `did you mean ${meant}?` : `presets: ${names.join(', ')}`,
    { misuse: true },
  );
}

async function readFields(file: string): Promise<Fields> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new ParallaxError(`config file ${file} cannot be read`, 'check the path', { misuse: true, cause });
  }
  try {
    const json: unknown = JSON.parse(text);
    if (isFields(json)) return json;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ParallaxError(`${file} is not JSON: ${why}`, 'mend the file', { misuse: true, cause });
  }
  throw new ParallaxError(`${file} holds no JSON object`, 'write the settings as one object', { misuse: true });
}

async function fieldsOf(source: string, full: boolean): Promise<{ fields: unknown; folder: string }> {
  if (!/[./\\]/.test(source)) {
    const preset = presetOf(source);
    if (!preset) throw unknownPreset(source);
    return { fields: full ? merge(preset.config, preset.full) : preset.config, folder: '.' };
  }
  const { extends: parent, ...own } = await readFields(source);
  const folder = dirname(resolve(source));
  if (parent === undefined) return { fields: own, folder };
  const preset = presetOf(String(parent));
  if (!preset) throw unknownPreset(String(parent));
  return { fields: merge(full ? merge(preset.config, preset.full) : preset.config, own), folder };
}

/**
 * The checked config of a preset's name or a JSON file, with every default filled in. A name without `.` and `/` is a preset.
 * Model folders come out relative to the package where they lie in it. Throws `ParallaxError` (misuse) that names the field.
 */
export async function loadConfig(
  source: string,
  { overrides = [], full = false }: { overrides?: readonly Fields[]; full?: boolean } = {},
): Promise<RunConfig> {
  const { fields, folder } = await fieldsOf(source, full);
  const parsed = RunConfig.safeParse(overrides.reduce<unknown>(merge, fields));
  if (!parsed.success) throw explain(RunConfig, parsed.error, source);
  const { pair, data } = parsed.data;
  return {
    ...parsed.data,
    pair: {
      base: portablePath(pair.base, folder),
      tuned: portablePath(pair.tuned, folder),
      control: pair.control === null ? null : portablePath(pair.control, folder),
      steps: pair.steps === null ? null : portablePath(pair.steps, folder),
    },
    data: { ...data, text: portableData(data.text, folder), multimodal: portableData(data.multimodal, folder) },
  };
}
