import type { LiveHead } from '#release/probe/live.ts';
import { byId, make } from './dom.ts';

export interface HeadSwitches {
  show(off: readonly LiveHead[], how: 'zero' | 'mean'): void;
}

/** A switch for every head; `change` gets the heads that are off and how. */
export function openHeads(
  release: string,
  layers: readonly number[],
  heads: number,
  change: (off: readonly LiveHead[], how: 'zero' | 'mean') => void,
): HeadSwitches {
  const table = byId('head-switches');
  const how = byId<HTMLSelectElement>('head-how');
  const gone = byId('heads-off');
  const boxes = new Map<string, HTMLInputElement>();
  let off: readonly LiveHead[] = [];
  const numbers = Array.from({ length: heads }, (_, head) => head);
  const announce = () =>
    change(
      layers.flatMap((layer) =>
        numbers.filter((head) => !boxes.get(`${layer}.${head}`)!.checked).map((head) => ({ layer, head })),
      ),
      how.value as 'zero' | 'mean',
    );
  const cell = (layer: number, head: number) => {
    const box = make('input', { type: 'checkbox', checked: true, ariaLabel: `Layer ${layer}, head ${head}` });
    box.addEventListener('change', announce);
    boxes.set(`${layer}.${head}`, box);
    return make('td', {}, make('label', {}, box, make('span', { ariaHidden: 'true' })));
  };
  const corner = make('th', { scope: 'col', textContent: 'Layer' });
  table.replaceChildren(
    make(
      'thead',
      {},
      make('tr', {}, corner, ...numbers.map((n) => make('th', { scope: 'col', textContent: String(n) }))),
    ),
    make(
      'tbody',
      {},
      ...layers.map((layer) =>
        make('tr', {}, make('th', { scope: 'row', textContent: String(layer) }), ...numbers.map((h) => cell(layer, h))),
      ),
    ),
  );
  how.addEventListener('change', announce);
  byId('heads-all').addEventListener('click', () => {
    for (const box of boxes.values()) box.checked = true;
    announce();
  });
  return {
    show(next, way) {
      off = next;
      for (const [key, box] of boxes) box.checked = !off.some(({ layer, head }) => key === `${layer}.${head}`);
      how.value = way;
      const links = off.flatMap(({ layer, head }, i) => [
        ...(i > 0 ? [', '] : []),
        make('a', { href: `/r/${release}/H${layer}.${head}/`, textContent: `H${layer}.${head}` }),
      ]);
      gone.replaceChildren(...(off.length > 0 ? ['Off: ', ...links] : ['All heads are on.']));
    },
  };
}
