import { renderCompare, type Side } from '../render/compare.ts';
import { Missing, openRelease, resolveRelease } from './shell/load.ts';
import { placeOf } from './shell/place.ts';

/** `<release>/L3F12` -> that feature with its examples. */
async function side(text: string): Promise<Side> {
  const place = placeOf(`/r/${text}`);
  if (place?.record.kind !== 'feature') throw new Missing(`“${text}” is not a release and a feature, like demo/L3F12.`);
  const { id } = await resolveRelease(place.release);
  const reader = await openRelease(id);
  const { layer, index } = place.record;
  const [feature, examples] = await Promise.all([reader.feature(layer, index), reader.examples(layer, index)]);
  if (!feature) throw new Missing(`${id} has no feature L${layer}F${index}.`);
  return { release: id, feature, examples };
}

async function show(out: HTMLElement): Promise<void> {
  const params = new URLSearchParams(location.search);
  const [a, b] = [params.get('a'), params.get('b')];
  for (const [name, value] of [
    ['a', a],
    ['b', b],
  ] as const) {
    const input = document.querySelector<HTMLInputElement>(`input[name="${name}"]`);
    if (input && value) input.value = value;
  }
  if (!a || !b) return;
  out.textContent = 'Reading the release …';
  const [left, right] = await Promise.all([side(a), side(b)]);
  out.innerHTML = renderCompare(left, right).text;
  document.title = `${left.feature.id} and ${right.feature.id} · Parallax`;
}

const out = document.querySelector<HTMLElement>('[data-compare]');
if (out)
  show(out).catch((error: unknown) => {
    out.textContent =
      error instanceof Missing
        ? error.message
        : `Nothing to compare: ${error instanceof Error ? error.message : String(error)}`;
  });
