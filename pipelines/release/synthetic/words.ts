const ONSETS = ['b', 'd', 'f', 'g', 'k', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'z', 'br', 'st'];
const NUCLEI = ['a', 'e', 'i', 'o', 'u', 'ai', 'ou'];
const COMMON = [
  'left',
  'right',
  'above',
  'below',
  'of',
  'the',
  'on',
  'under',
  'near',
  'between',
  'object',
  'colour',
  'word',
  'edge',
  'corner',
];

/** Word `i` of an endless vocabulary: the spatial ones first, then syllables. */
export function word(i: number): string {
  const common = COMMON[i];
  if (common !== undefined) return common;
  let text = '';
  for (let rest = i; rest > 0; rest = Math.floor(rest / (ONSETS.length * NUCLEI.length)))
    text += ONSETS[rest % ONSETS.length]! + NUCLEI[Math.floor(rest / ONSETS.length) % NUCLEI.length]!;
  return text;
}

export const THINGS = ['cat', 'dog', 'cup', 'ball', 'tree', 'car', 'fish', 'star'] as const;
export const RELATIONS = ['left of', 'right of', 'above', 'below'] as const;
