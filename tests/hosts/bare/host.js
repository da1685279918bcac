// Nothing is loaded and nothing shown until a test says so.
window.heard = [];
for (const name of ['fmn-ready', 'fmn-error']) {
  document.addEventListener(name, ({ detail }) => window.heard.push(name + (detail?.reason ?? '')));
}
window.fetchSession = async () => (await fetch('/my-session')).json();
window.add = (attributes = {}) => {
  const element = document.createElement('forget-me-not');
  for (const [name, value] of Object.entries({ src: document.documentElement.dataset.api, ...attributes })) {
    element.setAttribute(name, value);
  }
  element.fetchSession = window.fetchSession;
  element.append('Ask us at the desk.');
  document.querySelector('main').append(element);
  return element;
};
