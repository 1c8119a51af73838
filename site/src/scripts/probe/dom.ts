/** The element of an id, which the page's own markup holds. */
export const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

/** A new element with properties and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Fills a select with names, keeping the one chosen. */
export function options(select: HTMLSelectElement, names: readonly string[], chosen: string): void {
  const shown = Array.from(select.options, (option) => option.value);
  if (shown.join('\n') !== names.join('\n'))
    select.replaceChildren(...names.map((name) => make('option', { value: name, textContent: name })));
  select.value = chosen;
}

export const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
