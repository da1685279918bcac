const element = document.querySelector('forget-me-not');
const heard = document.querySelector('#heard');
element.fetchSession = async () => (await fetch('/my-session')).json();
for (const name of ['fmn-ready', 'fmn-keep', 'fmn-before-erasure', 'fmn-erasure', 'fmn-error']) {
  element.addEventListener(name, ({ detail }) => {
    heard.value += ` ${name} ${detail?.scope ?? detail?.state ?? detail?.until ?? detail?.reason ?? ''}`;
  });
}
