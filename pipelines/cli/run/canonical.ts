import { createHash } from 'node:crypto';
import type { Json } from '../../config/stage.ts';

/** JSON with the keys of every object in the order of their code units: equal values give equal text (RFC 8785 for our values). */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields = Object.entries(value as Readonly<Record<string, Json>>).filter(([, v]) => v !== undefined);
  return `{${fields
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, v]) => `${JSON.stringify(key)}:${canonicalJson(v)}`)
    .join(',')}}`;
}

/** sha256 of a value's canonical JSON, in hex. */
export const hashJson = (value: Json): string => createHash('sha256').update(canonicalJson(value)).digest('hex');
