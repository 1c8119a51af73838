/** A Worker that does nothing: what every figure is held against. */
export default {
  fetch: (): Response => new Response('{}', { headers: { 'content-type': 'application/json' } }),
};
