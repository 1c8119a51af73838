/** A signal that is aborted by the first Ctrl-C or SIGTERM; the second ends the process at once. */
export function interruptSignal(): { signal: AbortSignal; dispose: () => void } {
  const abort = new AbortController();
  let first = 0;
  const stop = () => {
    const now = performance.now();
    if (!abort.signal.aborted) {
      first = now;
      abort.abort();
    } else if (now - first > 500) process.exit(130);
    // Sooner, it is the same Ctrl-C: the terminal and npm both send it.
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return { signal: abort.signal, dispose: () => process.off('SIGINT', stop).off('SIGTERM', stop) };
}
