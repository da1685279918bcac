// Compiled, never run: the types say what the element takes and tells.
import { ForgetMeNot, type Session } from 'forget-me-not';
import type {} from 'forget-me-not/svelte';
import type {} from 'forget-me-not/vue';
import type { SvelteHTMLElements } from 'svelte/elements';
import type { GlobalComponents } from 'vue';

const element: ForgetMeNot = document.createElement('forget-me-not');
element.fetchSession = async (): Promise<Session> => ({ client_secret: 'fmn_…', expires_at: '2026-11-22T00:00:00Z' });
element.loading = 'lazy';
element.refresh();
element.addEventListener('fmn-keep', ({ detail }) => detail.until satisfies string | null);
element.addEventListener('fmn-before-erasure', (event) => event.detail.recordings > 100 && event.preventDefault());
element.addEventListener('click', (event) => event.clientX satisfies number);
ForgetMeNot.define('family-page');

// @ts-expect-error: there is no such state
element.addEventListener('fmn-erasure', ({ detail }) => detail.state === 'gone');
// @ts-expect-error: a session is the service's answer
element.fetchSession = () => 'fmn_…';
// @ts-expect-error: there are two
element.loading = 'sometimes';

export const svelte: SvelteHTMLElements['forget-me-not'] = {
  src: 'https://api.example/v1',
  'onfmn-erasure': ({ detail }) => detail.state satisfies 'sealed' | 'erasing' | 'deleted' | 'cancelled',
};
export const vue: InstanceType<GlobalComponents['forget-me-not']>['$props'] = {
  src: 'https://api.example/v1',
  onFmnBeforeErasure: (event) => event.preventDefault(),
};
