import { formatTarget, type Target } from './permalink.ts';
import type { Manifest } from './schema/manifest.ts';

/** Something with a permalink, as a reader cites it. */
export interface Citable {
  readonly releaseId: string;
  readonly target: Target;
  /** What it is called: a feature's label, a head's place, a release's title. */
  readonly title: string;
  /** sha256 of the record (or of the manifest); null for pages. */
  readonly hash: string | null;
  readonly manifest: Pick<Manifest, 'title' | 'date' | 'authors' | 'version' | 'licence' | 'description'>;
  /** Origin of the site, without a slash at the end; '' gives relative addresses. */
  readonly origin: string;
}

const place = (c: Citable): string => formatTarget(c.target);
export const citedUrl = (c: Citable): string => `${c.origin}/r/${c.releaseId}${place(c) && `/${place(c)}`}`;
/** What a head is called in a citation; its sentence is a finding, not a name. */
export const headTitle = ({ layer, head }: { readonly layer: number; readonly head: number }): string =>
  `layer ${layer}, head ${head}`;
/** `Feature L3F12: fires on ...`, `Report: what turned ...` */
export const citedTitle = (c: Citable): string => {
  const kind = { release: '', feature: 'Feature ', head: 'Head ', report: 'Report ' }[c.target.kind];
  const named = c.target.kind === 'report' ? 'Report' : `${kind}${place(c)}`;
  return kind ? `${named}: ${c.title}` : c.title;
};
const note = (c: Citable): string => `Release ${c.releaseId}${c.hash ? `, sha256 ${c.hash}` : ''}`;
const oneLine = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();

const TEX: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  '%': '\\%',
  '&': '\\&',
  '#': '\\#',
  $: '\\$',
  _: '\\_',
  '^': '\\^{}',
  '~': '\\~{}',
};
const tex = (text: string): string => oneLine(text).replace(/[\\{}%&#$_^~]/g, (c) => TEX[c]!);

function bibtex(c: Citable): string {
  const key = `${c.releaseId}-${place(c) || 'release'}`.replace(/[^A-Za-z0-9.-]+/g, '-');
  const [year, month] = c.manifest.date.split('-');
  const fields = [
    // Braces within braces keep the capitals and the order of a name that is not a person's.
    ['author', c.manifest.authors.map((a) => `{${tex(a.name)}}`).join(' and ')],
    ['title', `{${tex(citedTitle(c))}}`],
    ['year', year],
    ['month', String(Number(month))],
    ['version', tex(c.manifest.version)],
    ['howpublished', tex(c.manifest.title)],
    ['url', citedUrl(c)],
    ['note', tex(note(c))],
  ];
  return `@misc{${key},\n${fields.map(([k, v]) => `  ${k} = {${v}},`).join('\n')}\n}\n`;
}

function cslJson(c: Citable): string {
  const item = {
    id: `${c.releaseId}/${place(c)}`,
    type: 'dataset',
    title: citedTitle(c),
    'container-title': c.manifest.title,
    author: c.manifest.authors.map((a) => ({ literal: a.name })),
    issued: { 'date-parts': [c.manifest.date.split('-').map(Number)] },
    version: c.manifest.version,
    URL: citedUrl(c),
    note: note(c),
  };
  return `${JSON.stringify([item], null, 2)}\n`;
}

function ris(c: Citable): string {
  const lines = [
    ['TY', 'DATA'],
    ...c.manifest.authors.map((a) => ['AU', a.name]),
    ['TI', citedTitle(c)],
    ['T2', c.manifest.title],
    ['PY', c.manifest.date.slice(0, 4)],
    ['DA', c.manifest.date.replaceAll('-', '/')],
    ['ET', c.manifest.version],
    ['UR', citedUrl(c)],
    ['N1', note(c)],
    ['ER', ''],
  ];
  return lines.map(([tag, value]) => `${tag}  - ${oneLine(value!)}\r\n`).join('');
}

function apa(c: Citable): string {
  const names = c.manifest.authors.map((a) => oneLine(a.name));
  const authors =
    names.length > 1 ? `${names.slice(0, -1).join(', ')}, & ${names.at(-1)}` : (names[0] ?? oneLine(c.manifest.title));
  return `${authors} (${c.manifest.date}). ${oneLine(citedTitle(c))} (Version ${c.manifest.version}) [Data set]. ${oneLine(c.manifest.title)}. ${citedUrl(c)} (${note(c)})\n`;
}

/** Forms of a citation: adding one is one entry. The suffix is that of the permalink. */
export const CITE_FORMATS = {
  bibtex: { title: 'BibTeX', suffix: 'bib', render: bibtex },
  'csl-json': { title: 'CSL-JSON', suffix: 'csl.json', render: cslJson },
  ris: { title: 'RIS', suffix: 'ris', render: ris },
  apa: { title: 'APA', suffix: 'txt', render: apa },
} as const satisfies Record<string, { title: string; suffix: string; render: (c: Citable) => string }>;
export type CiteFormat = keyof typeof CITE_FORMATS;

export const cite = (format: CiteFormat, citable: Citable): string => CITE_FORMATS[format].render(citable);
