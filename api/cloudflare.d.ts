/** The runtime's own module, as far as the tests use it. */
declare module 'cloudflare:workers' {
  export const env: Record<string, unknown>;
}
