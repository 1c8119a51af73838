import { hc } from 'hono/client';
import type { App } from '../app.ts';

/**
 * The typed client: paths, parameters and answers as the routes declare them.
 *
 * @param address where the API is, such as `https://atlas.example.org`
 * @param fetcher the fetch to use: the platform's, or an app's own `request` in tests
 * @example
 * const api = createClient('http://localhost:8787');
 * const found = await api.api.v1.r[':release'].search.$get({ param: { release }, query: { words: 'left of' } });
 */
export const createClient = (address: string, fetcher: typeof fetch = fetch) => hc<App>(address, { fetch: fetcher });
