// The obvious alternative to the element: the same list of the same service by React, TanStack Query and TanStack
// Virtual, put together as their documentation does (infinite query, window virtualiser, measured rows).
import { createRoot } from 'react-dom/client';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { App } from './list.jsx';
import './app.css';

const client = new QueryClient({ defaultOptions: { queries: { refetchOnWindowFocus: false, retry: 1 } } });

createRoot(document.getElementById('root')).render(
  <QueryClientProvider client={client}>
    <App />
  </QueryClientProvider>,
);
