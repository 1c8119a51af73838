/** The button that changes light to dark and back; it names what it will do. */
const root = document.documentElement;
const isDark = (): boolean =>
  root.dataset['theme'] ? root.dataset['theme'] === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;

for (const button of document.querySelectorAll<HTMLButtonElement>('[data-theme-toggle]')) {
  const show = (): void => {
    button.textContent = isDark() ? 'Light' : 'Dark';
  };
  show();
  button.addEventListener('click', () => {
    root.dataset['theme'] = isDark() ? 'light' : 'dark';
    try {
      localStorage.setItem('theme', root.dataset['theme']);
    } catch {
      // Without storage the choice lasts for this page.
    }
    show();
    document.dispatchEvent(new CustomEvent('themechange'));
  });
}
