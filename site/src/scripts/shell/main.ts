import { addCopyButtons } from '../copy.ts';
import '../record.ts';
import { Missing, newestAddress, renderPlace } from './load.ts';
import { placeOf } from './place.ts';
import { rawRecord } from './raw.ts';

/** The API's address of a record, on a host without the API: the record as the release's files hold it. */
async function fillRaw(main: HTMLElement): Promise<boolean> {
  const match = /^\/api\/v1\/r\/([^/]+)\/features\/(L\d+F\d+)$/.exec(location.pathname);
  if (!match) return false;
  const [release, id] = [decodeURIComponent(match[1] as string), match[2] as string];
  const title = document.createElement('h1');
  title.textContent = `Record of ${id}`;
  const text = document.createElement('pre');
  text.tabIndex = 0;
  text.setAttribute('aria-label', title.textContent);
  text.textContent = await rawRecord(release, id);
  document.title = `${title.textContent} · Parallax`;
  main.replaceChildren(title, text);
  return true;
}

/** On a host without a Worker every record's address ends here: the page is made from the release's files. */
async function fill(main: HTMLElement): Promise<void> {
  if (await fillRaw(main)) return;
  const place = placeOf(location.pathname);
  if (!place) {
    const newest = await newestAddress(location.pathname);
    if (newest) location.replace(newest + location.search + location.hash);
    return;
  }
  main.innerHTML = '<p class="absent" role="status">Reading the release …</p>';
  const { head, main: body } = await renderPlace(place);
  document.title = new DOMParser().parseFromString(head, 'text/html').title;
  main.innerHTML = body;
  addCopyButtons(main);
  const target = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  target?.scrollIntoView();
}

const main = document.querySelector<HTMLElement>('#main');
if (main)
  fill(main).catch((error: unknown) => {
    const line = document.createElement('p');
    line.className = 'absent';
    line.textContent =
      error instanceof Missing
        ? error.message
        : `This page could not be made: ${error instanceof Error ? error.message : String(error)}`;
    const title = document.createElement('h1');
    title.textContent = 'Not here';
    main.replaceChildren(title, line);
  });
