// Before the first paint: the reader's own choice of light or dark, where there is one, and that scripts run at all,
// and whether the page stands in another site's frame.
document.documentElement.classList.add('js');
if (location.pathname.startsWith('/embed/')) document.documentElement.classList.add('embedded');
try {
  const theme = localStorage.getItem('theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; the system's setting stands then.
}
