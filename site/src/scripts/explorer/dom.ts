/** The element that a page must have; its absence is a fault of the page. */
export function one<T extends Element = HTMLElement>(selector: string, within: ParentNode = document): T {
  const found = within.querySelector<T>(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
}

/** Options of a select, one of them chosen. */
export function fillSelect(
  select: HTMLSelectElement,
  options: readonly (readonly [string, string])[],
  chosen: string,
): void {
  select.replaceChildren(...options.map(([value, text]) => new Option(text, value, false, value === chosen)));
}

/** Waits until the page has been painted once, so that nothing heavy comes before what there is to read. At most a second. */
export function afterPaint(): Promise<void> {
  const painted = (): boolean => performance.getEntriesByType('paint').length > 0;
  if (painted() || document.hidden) return Promise.resolve();
  return new Promise((done) => {
    new PerformanceObserver(() => done()).observe({ type: 'paint', buffered: true });
    setTimeout(done, 1000);
  });
}

/** Lets the browser answer the reader before work goes on. */
export const breathe = (): Promise<void> => new Promise((done) => setTimeout(done));
