/** The value of the patch under the cursor, written on the picture. */
function cellAt(map: HTMLElement, event: PointerEvent): string {
  const box = map.getBoundingClientRect();
  const column = Math.floor(((event.clientX - box.left) / box.width) * Number(map.dataset['columns']));
  const row = Math.floor(((event.clientY - box.top) / box.height) * Number(map.dataset['rows']));
  const hit = map.querySelector<SVGRectElement>(`rect[x="${column}"][y="${row}"]:not(.peak)`);
  return `row ${row + 1}, column ${column + 1}: ${hit?.textContent || '0'}`;
}

function read(event: PointerEvent): void {
  const map = event.target instanceof Element ? event.target.closest<HTMLElement>('.heatmap') : null;
  for (const output of document.querySelectorAll('.heatmap output'))
    if (output.parentElement !== map) output.textContent = '';
  if (!map) return;
  let output = map.querySelector('output');
  if (!output) {
    output = document.createElement('output');
    map.append(output);
  }
  output.textContent = cellAt(map, event);
}

// A finger has no place before it touches.
for (const type of ['pointermove', 'pointerdown'] as const) document.addEventListener(type, read);
