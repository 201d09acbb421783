import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { StudioError } from './api.ts';
import { createStudioRouter } from './router.tsx';
import './theme.css';

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // A refusal will not change by asking again; a lost connection may.
      retry: (count, error) => !(error instanceof StudioError) && count < 3,
      refetchOnWindowFocus: false,
    },
  },
});
const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <RouterProvider router={createStudioRouter(client)} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
