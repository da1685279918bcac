const element = document.querySelector('forget-me-not');
element.fetchSession = async () => (await fetch('/my-session')).json();
element.addEventListener('fmn-ready', () => { element.dataset.ready = ''; });
