/** Pointing at a word marks the same word in every example of the page. */
document.addEventListener('pointerover', (event) => {
  const token = event.target instanceof Element ? event.target.closest<HTMLElement>('.chips .tok') : null;
  for (const marked of document.querySelectorAll('.tok.same')) marked.classList.remove('same');
  const word = token?.textContent?.trim();
  if (!word) return;
  for (const other of document.querySelectorAll<HTMLElement>('.chips .tok'))
    if (other.textContent?.trim() === word) other.classList.add('same');
});
