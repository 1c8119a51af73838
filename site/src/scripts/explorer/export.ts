import { columnValue } from '#release/columns.ts';
import type { Store } from './store.ts';

const quoted = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** The selection with the columns shown, as CSV (RFC 4180); missing values are empty. */
export async function csv(store: Store, ordinals: readonly number[], names: readonly string[]): Promise<string> {
  const labels = await store.reader.labels(ordinals);
  const lines = ordinals.map((ordinal, i) => {
    const values = names.map((name) => {
      const data = store.columns.get(name);
      return data ? (columnValue(data, ordinal) ?? '') : '';
    });
    return [store.reader.locate(ordinal).id, labels[i] as string, ...values].map((v) => quoted(String(v))).join(',');
  });
  return `${['id', 'label', ...names].join(',')}\r\n${lines.join('\r\n')}\r\n`;
}

/** The selection as JSON: where it comes from, and its ids in order. */
export const json = (store: Store, ordinals: readonly number[]): string =>
  `${JSON.stringify({ release: store.reader.id, view: location.href, count: ordinals.length, ids: ordinals.map((o) => store.reader.locate(o).id) }, null, 1)}\n`;

/** Hands a text to the reader as a file. */
export function download(name: string, type: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
