import { type Citable, citedTitle, citedUrl } from './cite.ts';
import { licenceUrl } from './licence.ts';

/** schema.org description of a target, as JSON-LD. */
export function jsonLd(c: Citable): Record<string, unknown> {
  const release = `${c.origin}/r/${c.releaseId}`;
  return {
    '@context': 'https://schema.org/',
    '@type': c.target.kind === 'report' ? 'Report' : 'Dataset',
    '@id': citedUrl(c),
    url: citedUrl(c),
    name: citedTitle(c),
    description:
      c.target.kind === 'release' ? c.manifest.description : `${citedTitle(c)}. Part of ${c.manifest.title}.`,
    version: c.manifest.version,
    datePublished: c.manifest.date,
    license: licenceUrl(c.manifest.licence) ?? c.manifest.licence,
    creator: c.manifest.authors.map((a) => ({
      '@type': 'Person',
      name: a.name,
      ...(a.orcid ? { '@id': `https://orcid.org/${a.orcid}` } : {}),
    })),
    ...(c.hash ? { identifier: `sha256:${c.hash}` } : {}),
    ...(c.target.kind === 'release'
      ? {}
      : { isPartOf: { '@type': 'Dataset', '@id': release, name: c.manifest.title } }),
  };
}

const literal = (text: string): string =>
  `"${text.replace(/[\p{Cc}"\\]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;
/** An IRI may not hold spaces, controls or any of <>"{}|^`\ */
const iri = (text: string): string => `<${text.replace(/[\p{Cc} <>"{}|^`\\]/gu, (c) => encodeURIComponent(c))}>`;

/** The same as Turtle. */
export function turtle(c: Citable): string {
  const release = `${c.origin}/r/${c.releaseId}`;
  const statements = [
    `a schema:${c.target.kind === 'report' ? 'Report' : 'Dataset'}`,
    `schema:name ${literal(citedTitle(c))}`,
    `schema:version ${literal(c.manifest.version)}`,
    `schema:datePublished ${literal(c.manifest.date)}`,
    `schema:license ${literal(c.manifest.licence)}`,
    ...c.manifest.authors.map((a) => `schema:creator [ a schema:Person ; schema:name ${literal(a.name)} ]`),
    ...(c.hash ? [`schema:identifier ${literal(`sha256:${c.hash}`)}`] : []),
    ...(c.target.kind === 'release' ? [] : [`schema:isPartOf ${iri(release)}`]),
  ];
  return `@prefix schema: <https://schema.org/> .\n\n${iri(citedUrl(c))}\n    ${statements.join(' ;\n    ')} .\n`;
}
