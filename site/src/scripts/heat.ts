/** The value of the patch under the cursor, written on the picture. */
function cellAt(map: HTMLElement, event: PointerEvent): string {
  const box = map.getBoundingClientRect();
  const column = Math.floor(((event.clientX - box.left) / box.width) * Number(map.dataset['columns']));
  const row = Math.floor(((event.clientY - box.top) / box.height) * Number(map.dataset['rows']));
  const hit = map.querySelector<SVGRectElement>(`g > rect[x="${column}"][y="${row}"]`);
  return `row ${row + 1}, column ${column + 1}: ${hit?.parentElement?.dataset['v'] ?? '0'}`;
}

document.addEventListener('pointermove', (event) => {
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
});
