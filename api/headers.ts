/** Under a release id nothing ever changes. */
export const FOREVER = 'public, max-age=31536000, immutable';
/** What depends on which releases there are, or on the site's code, may change. */
export const BRIEFLY = 'public, max-age=60';

/** On every answer: readable from any origin, types not guessed. */
export const COMMON = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'etag, link, location, content-range, allow, retry-after',
  'x-content-type-options': 'nosniff',
} as const;
