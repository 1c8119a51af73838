/** On a phone the filters start folded, so that the search and the list come first. */
if (matchMedia('(min-width: 60rem)').matches) document.querySelector('.filters')?.setAttribute('open', '');
