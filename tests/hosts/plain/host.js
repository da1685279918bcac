const element = document.querySelector('forget-me-not');
const heard = document.querySelector('#heard');
element.fetchSession = async () => (await fetch('/my-session')).json();
for (const name of ['fmn-ready', 'fmn-keep', 'fmn-erasure', 'fmn-error']) {
  element.addEventListener(name, ({ detail }) => { heard.value += ` ${name} ${detail?.state ?? detail?.until ?? detail?.reason ?? ''}`; });
}

// A deletion needs a parent who has signed in just now. The box is a modal one of its own: it opens
// over the element's, outside of which nothing can be pressed.
let signedInAgain = false;
const box = document.querySelector('#step-up');
element.addEventListener('fmn-before-erasure', (event) => {
  heard.value += ` ${event.type} ${event.detail.scope} ${event.detail.recordings}`;
  if (signedInAgain) return;
  event.preventDefault();
  box.showModal();
});
box.addEventListener('close', () => { signedInAgain = box.returnValue === 'yes'; });
