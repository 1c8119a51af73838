import { addCopyButtons } from '../copy.ts';
import '../record.ts';
import { Missing, newestAddress, renderPlace } from './load.ts';
import { placeOf } from './place.ts';

/** On a host without a Worker every record's address ends here: the page is made from the release's files. */
async function fill(main: HTMLElement): Promise<void> {
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
