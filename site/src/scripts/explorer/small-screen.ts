/** On a phone the filters start folded, so that the search and the list come first. */
if (matchMedia('(max-width: 60rem)').matches) document.querySelector('.filters')?.removeAttribute('open');
