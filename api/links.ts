import type { Citable } from '#release/cite.ts';
import { licenceUrl } from '#release/licence.ts';
import { formatTarget, SUFFIXES, type Suffix, type Target } from '#release/permalink.ts';
import type { ReleaseReader } from '#release/reader.ts';

/** A citable thing of a release. */
export const citableOf = (
  reader: ReleaseReader,
  target: Target,
  title: string,
  hash: string | null,
  origin: string,
): Citable => ({
  releaseId: reader.id,
  target,
  title,
  hash,
  manifest: reader.manifest,
  origin,
});

/** Signposting (signposting.org) of a permalink: where it is cited as, described, licensed, collected. */
export function signposting(reader: ReleaseReader, target: Target): string {
  const place = formatTarget(target);
  const page = `/r/${reader.id}${place && `/${place}`}`;
  const links = [
    `<${page}>; rel="cite-as"`,
    `</r/${reader.id}>; rel="collection"`,
    '<https://schema.org/Dataset>; rel="type"',
  ];
  if (place)
    for (const suffix of Object.keys(SUFFIXES) as Suffix[])
      links.push(
        `<${page}.${suffix}>; rel="${suffix === 'json' ? 'item' : 'describedby'}"; type="${SUFFIXES[suffix]}"`,
      );
  const licence = licenceUrl(reader.manifest.licence);
  if (licence) links.push(`<${licence}>; rel="license"`);
  return links.join(', ');
}
