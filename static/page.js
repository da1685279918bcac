// The standalone page: gives its one element a session.
//
// A demo signs in by itself. Elsewhere the page is opened with a session made by
// `forget-me-not session`: /#<client_secret>;<expires_at>
const element = document.querySelector('forget-me-not');

const given = location.hash.slice(1).split(';');
// The secret does not stay in the address bar or the history.
if (given.length === 2) history.replaceState(null, '', location.pathname + location.search);

const demo = async () => {
  const answer = await fetch('/demo/session', { method: 'POST' });
  if (!answer.ok) throw new Error(`no session: ${answer.status}`);
  document.getElementById('demo').hidden = false;
  return answer.json();
};

element.fetchSession = given.length === 2
  ? async () => ({ client_secret: given[0], expires_at: decodeURIComponent(given[1]) })
  : demo;

element.addEventListener('fmn-error', ({ detail }) => console.error(detail));
