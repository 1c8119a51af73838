/** A Worker that takes a request, its body too, and does nothing with it: what every figure is held against. */
export default {
  async fetch(request: Request): Promise<Response> {
    if (request.body) await request.arrayBuffer();
    return new Response('{}', { headers: { 'content-type': 'application/json' } });
  },
};
