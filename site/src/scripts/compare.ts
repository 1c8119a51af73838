import { parsePermalink } from '#release/permalink.ts';
import { renderCompare, type Side } from '../render/compare.ts';
import { COMPARED_COLUMNS, type ReleaseSide, renderCompareReleases } from '../render/compare-releases.ts';
import { shortRelease } from '../render/context.ts';
import type { Html } from '../render/html.ts';
import { Missing, openRelease, resolveRelease, servedReleases } from './shell/load.ts';

/** What one of the two fields names. */
type Named =
  | { readonly kind: 'release'; readonly release: string }
  | { readonly kind: 'feature'; readonly release: string; readonly layer: number; readonly index: number };

/** `<release>` or `<release>/L3F12`, the release by id or by name. */
async function named(text: string): Promise<Named> {
  const link = parsePermalink(`/r/${text.trim().replace(/\/$/, '')}`);
  const target = link?.suffix === null ? link.target : null;
  if (!link || (target?.kind !== 'release' && target?.kind !== 'feature'))
    throw new Missing(`“${text}” is neither a release, like demo, nor a feature of one, like demo/L3F12.`);
  const { id } = await resolveRelease(link.release);
  return { ...target, release: id };
}

async function featureSide({ release, layer, index }: Extract<Named, { kind: 'feature' }>): Promise<Side> {
  const reader = await openRelease(release);
  const [feature, examples] = await Promise.all([reader.feature(layer, index), reader.examples(layer, index)]);
  if (!feature) throw new Missing(`${release} has no feature L${layer}F${index}.`);
  return { release, feature, examples };
}

async function releaseSide({ release }: Named): Promise<ReleaseSide> {
  const reader = await openRelease(release);
  const [summary, heads, columns] = await Promise.all([
    reader.summary(),
    reader.heads(),
    reader.columns(COMPARED_COLUMNS),
  ]);
  return { id: release, manifest: reader.manifest, summary, heads, columns };
}

async function compared(a: Named, b: Named): Promise<{ title: string; body: Html }> {
  if (a.kind === 'feature' && b.kind === 'feature') {
    const [left, right] = await Promise.all([featureSide(a), featureSide(b)]);
    return { title: `${left.feature.id} and ${right.feature.id}`, body: renderCompare(left, right) };
  }
  if (a.kind !== b.kind) throw new Missing('One is a release, the other a feature: name two of a kind.');
  const [left, right] = await Promise.all([releaseSide(a), releaseSide(b)]);
  return {
    title: `${shortRelease(left.id)} and ${shortRelease(right.id)}`,
    body: renderCompareReleases(left, right),
  };
}

/** Offers the releases of this host where one can be typed. */
async function offer(list: Element): Promise<void> {
  list.replaceChildren(...(await servedReleases()).map((id) => new Option(id, id)));
}

async function show(out: HTMLElement): Promise<void> {
  const params = new URLSearchParams(location.search);
  const [a, b] = [params.get('a'), params.get('b')];
  for (const [name, value] of Object.entries({ a, b })) {
    const input = document.querySelector<HTMLInputElement>(`input[name="${name}"]`);
    if (input && value) input.value = value;
  }
  const list = document.querySelector('[data-releases]');
  if (list) await offer(list).catch(() => undefined);
  if (!a || !b) return;
  out.textContent = 'Reading the releases …';
  const { title, body } = await compared(await named(a), await named(b));
  out.innerHTML = body.text;
  document.title = `${title} · Parallax`;
}

const out = document.querySelector<HTMLElement>('[data-compare]');
if (out)
  show(out).catch((error: unknown) => {
    out.textContent =
      error instanceof Missing
        ? error.message
        : `Nothing to compare: ${error instanceof Error ? error.message : String(error)}`;
  });
