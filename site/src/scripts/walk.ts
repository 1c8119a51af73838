/** Left and right arrows go to the features before and after, unless the reader is typing or scrolling sideways. */
document.addEventListener('keydown', (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
  if (
    event.target instanceof Element &&
    event.target.closest('input, select, textarea, pre, [role="slider"], .scroll, canvas')
  )
    return;
  const rel = { ArrowLeft: 'prev', ArrowRight: 'next' }[event.key];
  if (rel) document.querySelector<HTMLAnchorElement>(`a[rel="${rel}"]`)?.click();
});
