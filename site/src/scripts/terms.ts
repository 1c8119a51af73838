/** Definitions in place: hovering, focusing or tapping a glossary word shows what it means here. */
const card = document.createElement('div');
card.id = 'term-card';
card.className = 'term-card';
card.setAttribute('role', 'tooltip');
card.hidden = true;

function show(link: HTMLElement): void {
  card.textContent = link.dataset['term'] ?? '';
  const box = link.getBoundingClientRect();
  document.body.append(card);
  card.hidden = false;
  link.setAttribute('aria-describedby', card.id);
  const left = Math.max(12, Math.min(box.left + scrollX, innerWidth - card.offsetWidth - 12));
  card.style.left = `${left}px`;
  card.style.top = `${box.bottom + scrollY + 6}px`;
}

function hide(): void {
  card.hidden = true;
  document.querySelector('[aria-describedby="term-card"]')?.removeAttribute('aria-describedby');
}

const termOf = (event: Event): HTMLElement | null =>
  event.target instanceof Element ? event.target.closest<HTMLElement>('a.term') : null;

for (const type of ['pointerover', 'focusin'])
  document.addEventListener(type, (event) => {
    const link = termOf(event);
    const touch = event instanceof PointerEvent && event.pointerType === 'touch';
    if (link && !touch) show(link);
  });
for (const type of ['pointerout', 'focusout'])
  document.addEventListener(type, (event) => {
    if (termOf(event)) hide();
  });
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') hide();
});
// A first tap on a phone shows the card; the link inside the methods page stays one more tap away.
document.addEventListener('click', (event) => {
  const link = termOf(event);
  if (link && matchMedia('(hover: none)').matches && card.hidden) {
    event.preventDefault();
    show(link);
  }
});
