/** Plays through the questions of a scene until the reader takes over; still for readers who want less motion. */
const BEAT = 3200;

for (const scene of document.querySelectorAll<HTMLElement>('[data-scene]')) {
  const choices = [...scene.querySelectorAll<HTMLInputElement>('input[type="radio"]')];
  if (choices.length < 2 || matchMedia('(prefers-reduced-motion: reduce)').matches) continue;
  let at = 0;
  const timer = setInterval(() => {
    at = (at + 1) % choices.length;
    const next = choices[at];
    if (next) next.checked = true;
  }, BEAT);
  for (const type of ['pointerdown', 'keydown', 'focusin'])
    scene.addEventListener(type, () => clearInterval(timer), { once: true });
}
