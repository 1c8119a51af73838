import { isSpdx, licenceUrl } from '../licence.ts';
import type { Manifest } from '../schema/manifest.ts';

/** A YAML double-quoted scalar: JSON's form is one. */
const quoted = (text: string): string => JSON.stringify(text);

/** The format has one field for SPDX identifiers and one for addresses, and none for anything else. */
function licenceLine(licence: string): string[] {
  if (isSpdx(licence)) return [`license: ${quoted(licence)}`];
  const url = licenceUrl(licence);
  return url === null ? [] : [`license-url: ${quoted(url)}`];
}

/** `CITATION.cff` (Citation File Format 1.2.0) of the release as a data set. */
export function citationFile(manifest: Omit<Manifest, 'files'>): string {
  const authors = manifest.authors.flatMap((a) => [
    `  - name: ${quoted(a.name)}`,
    ...(a.orcid ? [`    orcid: ${quoted(`https://orcid.org/${a.orcid}`)}`] : []),
  ]);
  return [
    'cff-version: 1.2.0',
    'message: "If you use this release, please cite it."',
    'type: dataset',
    `title: ${quoted(manifest.title)}`,
    `abstract: ${quoted(manifest.description)}`,
    'authors:',
    ...authors,
    `version: ${quoted(manifest.version)}`,
    `date-released: ${manifest.date}`,
    ...licenceLine(manifest.licence),
    '',
  ].join('\n');
}
