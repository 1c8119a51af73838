import { layerName, PATHS } from '../ids.ts';
import { licenceUrl } from '../licence.ts';
import { SCALARS } from '../scalars.ts';
import type { Manifest } from '../schema/manifest.ts';

const CONTEXT = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  citeAs: 'cr:citeAs',
  column: 'cr:column',
  conformsTo: 'dct:conformsTo',
  cr: 'http://mlcommons.org/croissant/',
  data: { '@id': 'cr:data', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  dct: 'http://purl.org/dc/terms/',
  equivalentProperty: 'cr:equivalentProperty',
  examples: { '@id': 'cr:examples', '@type': '@json' },
  extract: 'cr:extract',
  field: 'cr:field',
  fileObject: 'cr:fileObject',
  fileProperty: 'cr:fileProperty',
  fileSet: 'cr:fileSet',
  format: 'cr:format',
  includes: 'cr:includes',
  isLiveDataset: 'cr:isLiveDataset',
  jsonPath: 'cr:jsonPath',
  key: 'cr:key',
  md5: 'cr:md5',
  parentField: 'cr:parentField',
  path: 'cr:path',
  rai: 'http://mlcommons.org/croissant/RAI/',
  recordSet: 'cr:recordSet',
  references: 'cr:references',
  regex: 'cr:regex',
  repeated: 'cr:repeated',
  replace: 'cr:replace',
  samplingRate: 'cr:samplingRate',
  sc: 'https://schema.org/',
  separator: 'cr:separator',
  source: 'cr:source',
  subField: 'cr:subField',
  transform: 'cr:transform',
};

const TYPES = { number: 'sc:Float', integer: 'sc:Integer', flag: 'sc:Boolean', class: 'sc:Text' } as const;

const TEXTS: readonly [string, string][] = [
  ['id', 'Layer and feature index, L3F123'],
  ['label', 'Label of the feature'],
  ['sentence', 'What the evidence says, in a sentence made by rule'],
];

/** One record set a layer: a row a feature, a field a column of its Parquet file. */
function recordSet(layer: number): unknown {
  const set = layerName(layer);
  const field = (name: string, dataType: string, description: string) => ({
    '@type': 'cr:Field',
    '@id': `${set}/${name}`,
    name,
    description,
    dataType,
    source: { fileObject: { '@id': PATHS.parquet(layer) }, extract: { column: name } },
  });
  return {
    '@type': 'cr:RecordSet',
    '@id': set,
    name: set,
    description: `Features of layer ${layer}, one row each`,
    key: { '@id': `${set}/id` },
    field: [
      ...TEXTS.map(([name, description]) => field(name, 'sc:Text', description)),
      ...SCALARS.map((s) => field(s.name, TYPES[s.kind], s.description)),
    ],
  };
}

/** `croissant.json` (MLCommons Croissant 1.0): the Parquet files and their columns. */
export function croissant(manifest: Omit<Manifest, 'files'>, files: Manifest['files']): unknown {
  const layers = manifest.layers.filter((layer) => files[PATHS.parquet(layer)]);
  return {
    '@context': CONTEXT,
    '@type': 'sc:Dataset',
    conformsTo: 'http://mlcommons.org/croissant/1.0',
    name: manifest.name,
    description: manifest.description,
    version: manifest.version,
    datePublished: manifest.date,
    license: licenceUrl(manifest.licence) ?? manifest.licence,
    citeAs: `${manifest.authors.map((a) => a.name).join(', ')} (${manifest.date}). ${manifest.title}, version ${manifest.version}.`,
    creator: manifest.authors.map((a) => ({ '@type': 'sc:Person', name: a.name })),
    distribution: layers.map((layer) => {
      const path = PATHS.parquet(layer);
      return {
        '@type': 'cr:FileObject',
        '@id': path,
        name: path,
        contentUrl: path,
        contentSize: `${files[path]!.bytes} B`,
        encodingFormat: 'application/x-parquet',
        sha256: files[path]!.sha256,
      };
    }),
    recordSet: layers.map(recordSet),
  };
}
