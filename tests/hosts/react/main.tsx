import 'forget-me-not';
import type {} from 'forget-me-not/react';
import { useState } from 'react';
import { createRoot } from 'react-dom/client';

const api = document.querySelector<HTMLMetaElement>('meta[name=api]')!.content;
// Outside of the component: one function, one parent.
const fetchSession = async () => (await fetch('/my-session')).json();

function Family() {
  const [heard, setHeard] = useState('');
  const hear = (event: CustomEvent<any>) =>
    setHeard((before) => `${before} ${event.type} ${event.detail?.state ?? event.detail?.until ?? event.detail?.reason ?? ''}`);
  return (
    <>
      <h1>A page with React</h1>
      <output id="heard">{heard}</output>
      <forget-me-not
        src={api}
        fetchSession={fetchSession}
        onfmn-ready={hear}
        onfmn-keep={hear}
        onfmn-erasure={hear}
        onfmn-error={hear}
      >
        <p>One moment.</p>
        <p slot="intro">Our family page.</p>
        <p slot="help">Call us.</p>
      </forget-me-not>
    </>
  );
}

createRoot(document.querySelector('#app')!).render(<Family />);
