// Before the first paint: the reader's own choice of light or dark, where there is one, and that scripts run at all.
document.documentElement.classList.add('js');
try {
  const theme = localStorage.getItem('theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; the system's setting stands then.
}
