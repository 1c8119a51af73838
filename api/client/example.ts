import { createClient } from './client.ts';

/**
 * Features of the newest release that turned at least so far, the most turned first: `L3F12 0.214 label`.
 * @param below largest cos(S, F)
 */
export async function mostTurned(address: string, below: number, fetcher: typeof fetch = fetch): Promise<string[]> {
  const { v1 } = createClient(address, fetcher).api;
  const releases = await v1.releases.$get({ query: {} });
  if (releases.status !== 200) throw new Error(`the API answered ${releases.status}`);
  const release = (await releases.json()).releases[0]?.id;
  if (release === undefined) return [];
  const lines: string[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await v1.r[':release'].features.$get({
      param: { release },
      query: {
        'cos_s_f.max': String(below),
        sort: 'cos_s_f',
        fields: 'cos_s_f',
        limit: '2',
        ...(cursor ? { cursor } : {}),
      },
    });
    if (page.status !== 200) throw new Error(`the API answered ${page.status}`);
    const found = await page.json();
    if (!('rows' in found)) throw new Error('the API answered lines');
    for (const { id, label, values } of found.rows) lines.push(`${id} ${values['cos_s_f']} ${label}`);
    cursor = found.cursor;
  }
  return lines;
}
