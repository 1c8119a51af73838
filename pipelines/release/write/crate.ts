import { licenceUrl } from '../licence.ts';
import type { Manifest } from '../schema/manifest.ts';

/** `ro-crate-metadata.json` (RO-Crate 1.1): the release as a research object. */
export function roCrate(manifest: Omit<Manifest, 'files'>, files: Manifest['files']): unknown {
  const listed = Object.keys(files).filter((path) => !/^(cards|examples|labels|columns|search|images)\//.test(path));
  const authors = manifest.authors.map((author, i) => ({
    '@id': author.orcid ? `https://orcid.org/${author.orcid}` : `#author-${i + 1}`,
    '@type': 'Person',
    name: author.name,
  }));
  return {
    '@context': 'https://w3id.org/ro/crate/1.1/context',
    '@graph': [
      {
        '@id': 'ro-crate-metadata.json',
        '@type': 'CreativeWork',
        conformsTo: { '@id': 'https://w3id.org/ro/crate/1.1' },
        about: { '@id': './' },
      },
      {
        '@id': './',
        '@type': 'Dataset',
        name: manifest.title,
        description: manifest.description,
        version: manifest.version,
        datePublished: manifest.date,
        license: licenceUrl(manifest.licence) ?? manifest.licence,
        author: authors.map((a) => ({ '@id': a['@id'] })),
        hasPart: listed.map((path) => ({ '@id': path })),
      },
      ...authors,
      ...listed.map((path) => ({
        '@id': path,
        '@type': 'File',
        name: path,
        contentSize: String(files[path]!.bytes),
        sha256: files[path]!.sha256,
      })),
    ],
  };
}
