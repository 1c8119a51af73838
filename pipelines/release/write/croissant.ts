import { PATHS } from '../ids.ts';
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

/** `croissant.json` (MLCommons Croissant 1.0): the Parquet files and their columns. */
export function croissant(manifest: Omit<Manifest, 'files'>, files: Manifest['files']): unknown {
  const tables = manifest.layers.map((layer) => PATHS.parquet(layer));
  const field = (name: string, dataType: string, description: string) => ({
    '@type': 'cr:Field',
    '@id': `features/${name}`,
    name,
    description,
    dataType,
    source: { fileSet: { '@id': 'parquet' }, extract: { column: name } },
  });
  return {
    '@context': CONTEXT,
    '@type': 'sc:Dataset',
    conformsTo: 'http://mlcommons.org/croissant/1.0',
    name: manifest.name,
    description: manifest.description,
    version: manifest.version,
    datePublished: manifest.date,
    license: manifest.licence,
    creator: manifest.authors.map((a) => ({ '@type': 'sc:Person', name: a.name })),
    distribution: [
      ...tables.map((path) => ({
        '@type': 'cr:FileObject',
        '@id': path,
        name: path,
        contentUrl: path,
        contentSize: `${files[path]?.bytes ?? 0} B`,
        encodingFormat: 'application/x-parquet',
        sha256: files[path]?.sha256,
      })),
      {
        '@type': 'cr:FileSet',
        '@id': 'parquet',
        name: 'parquet',
        containedIn: tables.map((path) => ({ '@id': path })),
        encodingFormat: 'application/x-parquet',
        includes: 'features/*.parquet',
      },
    ],
    recordSet: [
      {
        '@type': 'cr:RecordSet',
        '@id': 'features',
        name: 'features',
        description: 'One row a feature',
        field: [
          field('id', 'sc:Text', 'Layer and feature index, L3F123'),
          field('label', 'sc:Text', 'Label of the feature'),
          field('sentence', 'sc:Text', 'What the evidence says, in a sentence made by rule'),
          ...SCALARS.map((s) => field(s.name, TYPES[s.kind], s.description)),
        ],
      },
    ],
  };
}
