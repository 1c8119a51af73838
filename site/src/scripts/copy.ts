/** One click copies a link, a hash or a citation. Paths become whole addresses, since only the browser knows the host. */
const withOrigin = (text: string): string => text.replace(/(^|[\s{"])((?:\/embed)?\/r\/)/g, `$1${location.origin}$2`);

/** Adds a button after everything that is marked for copying. Called again when a page is filled later. */
export function addCopyButtons(within: ParentNode = document): void {
  for (const element of within.querySelectorAll<HTMLElement>('[data-copy]:not([data-ready])')) {
    element.dataset['ready'] = '';
    element.textContent = withOrigin(element.textContent ?? '');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = 'Copy';
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(element.textContent ?? '');
      button.textContent = 'Copied';
      setTimeout(() => {
        button.textContent = 'Copy';
      }, 1500);
    });
    element.after(button);
  }
}

addCopyButtons();
