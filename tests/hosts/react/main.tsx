import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Family } from './Family';
import { told } from '../told.js';

const api = document.querySelector<HTMLMetaElement>('meta[name=api]')!.content;

function App() {
  const [heard, setHeard] = useState('');
  return (
    <>
      <h1>A page with React</h1>
      <output id="heard">{heard}</output>
      <Family api={api} onEvent={(event) => setHeard((before) => before + told(event))} />
    </>
  );
}

createRoot(document.querySelector('#app')!).render(<App />);
