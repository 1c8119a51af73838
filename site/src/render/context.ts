import type { Feature, FeatureId, Manifest, Summary } from '#release/schema/index.ts';

/** What a page needs to know beside the record itself. */
export interface Context {
  /** Release id. */
  readonly release: string;
  /** Id of the newest release of this name when it is another one. */
  readonly newer: string | null;
  /** sha256 of the record, as its shard gives it. */
  readonly hash: string | null;
  /** Scheme and host for citations, without a slash at the end; '' where the page does not know it. */
  readonly origin: string;
  readonly summary: Summary | null;
  /** Address that problems are reported to, as `problemAddress` takes it; absent: a letter without addressee. */
  readonly problems?: string;
  /** Labels of other features by id, where the maker of the page had them at hand. */
  readonly labels?: ReadonlyMap<string, string>;
  /** Records of the features of other layers that fire most alike, by id. */
  readonly matched?: ReadonlyMap<string, Feature>;
}

/** The two parts that a page shell is filled with. */
export interface Rendered {
  readonly head: string;
  readonly main: string;
}

export const releasePath = (release: string): string => `/r/${release}/`;
export const featurePath = (release: string, id: string): string => `/r/${release}/${id}/`;
export const dataPath = (release: string): string => `/data/${release}`;
export const imagePath = (release: string, hash: string): string => `/data/${release}/images/${hash}.webp`;

/** Name of a release without its digest, as people say it. */
export const shortRelease = (release: string): string => release.replace(/-[0-9a-f]{12}$/, '');

/** The features before and after, in order of layer and index; they wrap from one layer to the next. */
export function around(
  manifest: Manifest,
  layer: number,
  index: number,
): { previous: FeatureId | null; next: FeatureId | null } {
  const place = manifest.layers.indexOf(layer);
  const last = manifest.features_per_layer - 1;
  const before = index > 0 ? [layer, index - 1] : [manifest.layers[place - 1], last];
  const after = index < last ? [layer, index + 1] : [manifest.layers[place + 1], 0];
  const id = ([l, i]: (number | undefined)[]): FeatureId | null => (l === undefined ? null : `L${l}F${i}`);
  return { previous: id(before), next: id(after) };
}
