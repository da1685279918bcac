// What is measured, and where on each page to look. Everything that follows a page's markup is in this file.

/**
 * The selectors of a list of recordings. `absent` is a row that holds the place of a recording which is not there yet;
 * `more` the button of a list that shows pages.
 */
const list = {
  row: '.row',
  absent: '.row.absent',
  tick: '.row input[type=checkbox]',
  open: '.row .open',
  words: '.row .title',
  search: 'input[type=search]',
  found: '.found',
  selected: '{total} recordings selected',
  all: { selector: 'button', says: '^Select all' },
  more: '.more button',
};

/** A list begins with its first recording; ticking it must be told in the count above the list. */
const first = {
  first: list.words,
  control: list.tick,
  effect: { text: list.found, matches: /\b1 recordings? selected/ },
};

export const OURS = {
  name: 'ours',
  folder: 'ours',
  host: 'forget-me-not',
  list: { ...list, opened: '.transcript blockquote' },
  ...first,
};

export const REACT = {
  name: 'React 19 + TanStack',
  folder: 'react',
  list: { ...list, more: null, opened: 'blockquote' },
  ...first,
};

/** A consent notice begins with its button that refuses; pressing it must begin to take the notice away. */
export const NOTICES = [
  {
    name: 'klaro',
    folder: 'klaro',
    first: '.cookie-notice .cn-decline',
    control: '.cookie-notice .cn-decline',
    effect: { gone: '.cookie-notice:not(.cookie-notice-hidden)' },
  },
  {
    name: 'vanilla-cookieconsent',
    folder: 'vanilla-cookieconsent',
    first: '#cc-main [data-role=necessary]',
    control: '#cc-main [data-role=necessary]',
    effect: { gone: 'html.show--consent' },
  },
  {
    name: 'c15t (React)',
    folder: 'c15t',
    first: '[data-testid*=banner] button',
    control: '[data-testid*=banner-reject]',
    effect: { gone: '[data-testid*=banner-root]' },
  },
];

/** All pages of the cold start. */
export const PAGES = [OURS, ...NOTICES, REACT];
