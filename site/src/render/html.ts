/** A piece of HTML that is safe to insert as it is. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

export type Part = Html | string | number | null | undefined | false | readonly Part[];

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Escapes text for element content and for quoted attributes. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => ESCAPES[c] as string);

/** Marks a string as trusted HTML. Only for strings that this code made. */
export const raw = (text: string): Html => new Html(text);

function show(part: Part): string {
  if (part === null || part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(show).join('');
  return escapeHtml(String(part));
}

/**
 * Tagged template that escapes every value; null, undefined and false give nothing, arrays are joined.
 * @example html`<b>${'<'}</b>`.text === '<b>&lt;</b>'
 */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  let text = strings[0] as string;
  parts.forEach((part, i) => {
    text += show(part) + strings[i + 1];
  });
  return new Html(text);
}

/** Joins parts with a separator, leaving out the empty ones. */
export const join = (parts: readonly Part[], separator: string): Html =>
  new Html(
    parts
      .map(show)
      .filter((text) => text !== '')
      .join(escapeHtml(separator)),
  );
