/** One click copies a link, a hash or a citation. A path becomes a whole address, since only the browser knows the host. */
const textOf = (element: HTMLElement): string => {
  const text = element.textContent ?? '';
  return text.startsWith('/') ? location.origin + text : text;
};

/** Adds a button after everything that is marked for copying. Called again when a page is filled later. */
export function addCopyButtons(within: ParentNode = document): void {
  for (const element of within.querySelectorAll<HTMLElement>('[data-copy]:not([data-ready])')) {
    element.dataset['ready'] = '';
    if (element.tagName === 'CODE') element.textContent = textOf(element);
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = 'Copy';
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(textOf(element));
      button.textContent = 'Copied';
      setTimeout(() => {
        button.textContent = 'Copy';
      }, 1500);
    });
    element.after(button);
  }
}

addCopyButtons();
