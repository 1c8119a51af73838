/** Written without padding: one id, one spelling. */
export const FEATURE_ID = /^L(0|[1-9]\d{0,2})F(0|[1-9]\d{0,6})$/;
export const HEAD_ID = /^H(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;
export const RELEASE_NAME = /^[a-z0-9][a-z0-9-]{0,40}$/;
export const RELEASE_ID = /^([a-z0-9][a-z0-9-]{0,40})@(\d{4}\.\d{1,2}\.\d{1,4})-([0-9a-f]{12})$/;

export const featureId = (layer: number, index: number): string => `L${layer}F${index}`;
export const headId = (layer: number, head: number): string => `H${layer}.${head}`;

/** `L3F12` -> its layer and index; null for anything else. Total: never throws. */
export function parseFeatureId(text: string): { layer: number; index: number } | null {
  const match = FEATURE_ID.exec(text);
  return match && { layer: Number(match[1]), index: Number(match[2]) };
}

/** `H3.5` -> its layer and head; null for anything else. */
export function parseHeadId(text: string): { layer: number; head: number } | null {
  const match = HEAD_ID.exec(text);
  return match && { layer: Number(match[1]), head: Number(match[2]) };
}

/** `demo@2026.11.0-0123456789ab` -> name, version and digest; null for anything else. */
export function parseReleaseId(text: string): { name: string; version: string; digest: string } | null {
  const match = RELEASE_ID.exec(text);
  return match && { name: match[1]!, version: match[2]!, digest: match[3]! };
}

/** The id of the release whose `manifest.json` has this sha256. */
export const releaseId = (manifest: { name: string; version: string }, sha256: string): string =>
  `${manifest.name}@${manifest.version}-${sha256.slice(0, 12)}`;

/** `L03`: the form of a layer in file names. */
export const layerName = (layer: number): string => `L${String(layer).padStart(2, '0')}`;

/** Where everything is. Paths use `/`, relative to the release. */
export const PATHS = {
  manifest: 'manifest.json',
  cards: (shard: number) => `cards/${shard}.bin`,
  examples: (shard: number) => `examples/${shard}.bin`,
  labels: (shard: number) => `labels/${shard}.bin`,
  columns: 'columns.json',
  column: (name: string) => `columns/${name}.bin`,
  searchIndex: 'search/index.json',
  searchShard: (field: string, shard: number) => `search/${field}/${shard}.bin`,
  rank: 'search/rank.bin',
  map: 'map.bin',
  heads: 'heads.json',
  quality: 'quality.json',
  related: 'related.json',
  steps: 'steps.json',
  summary: 'summary.json',
  image: (sha256: string) => `images/${sha256}.webp`,
  parquet: (layer: number) => `features/${layerName(layer)}.parquet`,
  dictionary: (layer: number) => `dictionary/${layerName(layer)}.safetensors`,
  encoder: (layer: number) => `dictionary/${layerName(layer)}.int8.safetensors`,
  croissant: 'croissant.json',
  crate: 'ro-crate-metadata.json',
  citation: 'CITATION.cff',
} as const;
