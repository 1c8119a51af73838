/** Path of a Chromium: `CHROME_PATH`, the system's, Playwright's; undefined where there is none. */
export function findChromium(): string | undefined;
/** Installs a Chromium and gives its path. Throws one line that says how else. */
export function installChromium(root: string): string;
