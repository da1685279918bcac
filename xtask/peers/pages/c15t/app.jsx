// c15t as its React quickstart has it, without its backend ("offline"): no request is made, which is its fastest way.
import { createRoot } from 'react-dom/client';
import { ConsentBanner, ConsentDialog, ConsentManagerProvider } from '@c15t/react';
import '@c15t/react/styles.css';

const options = {
  mode: 'offline',
  consentCategories: ['necessary', 'measurement', 'marketing'],
  overrides: { country: 'DE' },
};

createRoot(document.getElementById('root')).render(
  <ConsentManagerProvider options={options}>
    <ConsentBanner />
    <ConsentDialog />
    <h1>A site that asks for consent</h1>
  </ConsentManagerProvider>,
);
