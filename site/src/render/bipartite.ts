import type { HeadsFile } from '#release/schema/index.ts';
import { featurePath, releasePath } from './context.ts';
import { type Html, html } from './html.ts';
import { signed } from './number.ts';

export interface Edge {
  readonly head: string;
  readonly feature: string;
  readonly effect: number;
  readonly status: 'estimated' | 'verified';
}

/** Edges of the strongest heads to the features they feed most, strongest first. */
export function strongestEdges(file: HeadsFile, heads: number, features: number): Edge[] {
  const chosen = [...file.heads].sort((a, b) => a.rank - b.rank).slice(0, heads);
  const all = chosen.flatMap((head) =>
    head.features.map((f): Edge => ({ head: head.id, feature: f.id, effect: f.exact ?? f.estimate, status: f.status })),
  );
  all.sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
  const wanted = [...new Set(all.map((edge) => edge.feature))].slice(0, features);
  const least = FAINT * Math.abs(all[0]?.effect ?? 0);
  return all.filter((edge) => wanted.includes(edge.feature) && Math.abs(edge.effect) >= least);
}

const ROW = 26;
const LEFT = 14;
const RIGHT = 58;
/** Edges below this share of the widest are left out of the picture. */
const FAINT = 0.12;
const LABEL = 30;

/** Heads on the left, features on the right; a line is as wide as the effect, dashed while only estimated. */
export function bipartite(edges: readonly Edge[], release: string, labels: ReadonlyMap<string, string>): Html {
  if (edges.length === 0) return html`<p class="absent">No head was traced in this release.</p>`;
  const heads = [...new Set(edges.map((edge) => edge.head))].sort(byPlace);
  const features = [...new Set(edges.map((edge) => edge.feature))].sort(byPlace);
  const rows = Math.max(heads.length, features.length);
  const y = (list: readonly string[], id: string): number => ((list.indexOf(id) + 0.5) * rows * ROW) / list.length;
  const widest = Math.max(...edges.map((edge) => Math.abs(edge.effect)));
  const node = (id: string, side: 'start' | 'end', href: string, list: readonly string[]): Html =>
    html`<a href="${href}"><text x="${side === 'end' ? LEFT - 1.5 : RIGHT + 1.5}%" y="${y(list, id).toFixed(1)}" dy="4" text-anchor="${side}">${id}${labels.has(id) && html`<tspan class="node-label" dx="8">${shortened(labels.get(id) as string)}</tspan>`}</text></a>`;
  return html`<svg width="100%" height="${rows * ROW}" class="bipartite" role="group" aria-label="Heads and the features they feed">${[
    ...edges,
  ]
    .reverse()
    .map(
      (edge) =>
        html`<line class="${edge.effect < 0 ? 'down' : 'up'} ${edge.status}" x1="${LEFT}%" y1="${y(heads, edge.head).toFixed(1)}" x2="${RIGHT}%" y2="${y(features, edge.feature).toFixed(1)}" stroke-width="${(0.6 + (7 * Math.abs(edge.effect)) / widest).toFixed(2)}"><title>${edge.head} to ${edge.feature}: ${signed(edge.effect, 3)}, ${edge.status}</title></line>`,
    )}${heads.map((id) => node(id, 'end', `${releasePath(release)}${id}/`, heads))}${features.map((id) => node(id, 'start', featurePath(release, id), features))}</svg>`;
}

const shortened = (text: string): string => (text.length > LABEL ? `${text.slice(0, LABEL - 1).trimEnd()}…` : text);

/** By layer, then by number. */
function byPlace(a: string, b: string): number {
  const [x, y] = [a, b].map((id) => (id.match(/\d+/g) ?? []).map(Number));
  return (x?.[0] ?? 0) - (y?.[0] ?? 0) || (x?.[1] ?? 0) - (y?.[1] ?? 0);
}
