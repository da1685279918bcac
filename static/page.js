// The standalone page: gives its one element a session.
//
// A demo signs in by itself. Elsewhere the page is opened with what `forget-me-not session` printed
// behind the #, which never leaves the browser.
const element = document.querySelector('forget-me-not');
const given = decodeURIComponent(location.hash.slice(1));
// The secret stays neither in the address bar nor in the history.
if (given) history.replaceState(null, '', location.pathname + location.search);
// Another link opened in the same tab changes the fragment only.
addEventListener('hashchange', () => location.reload());

// The words over a demo. Their room is held until it is known whether this is one.
const words = document.getElementById('demo');
words.hidden = Boolean(given);

const demo = async () => {
  const answer = await fetch('/demo/session', { method: 'POST' });
  if (!answer.ok) throw new Error(`no session: ${answer.status}`);
  words.className = 'here';
  return answer.json();
};

element.fetchSession = given ? async () => JSON.parse(given) : demo;
element.addEventListener('fmn-error', ({ detail }) => console.error(detail));
