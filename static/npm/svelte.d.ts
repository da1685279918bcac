// Written from custom-elements.json by a test: FMN_WRITE=1 cargo test -p widget --test manifest
// Opt in: import type {} from 'forget-me-not/svelte';
import type { ForgetMeNot, ForgetMeNotAttributes, ForgetMeNotEventMap } from './forget-me-not.js';
import type { HTMLAttributes } from 'svelte/elements';

interface Props extends ForgetMeNotAttributes {
  /** The page stands in the place of the element's own content. */
  'onfmn-ready'?: (event: ForgetMeNotEventMap['fmn-ready']) => unknown;
  /** The service keeps a recording until a day (`YYYY-MM-DD`), or no longer keeps it (`null`). */
  'onfmn-keep'?: (event: ForgetMeNotEventMap['fmn-keep']) => unknown;
  /** A parent has confirmed a deletion and nothing is sent yet. `preventDefault()` stops it, and the page says that this site did. */
  'onfmn-before-erasure'?: (event: ForgetMeNotEventMap['fmn-before-erasure']) => unknown;
  /** A deletion that is watched has changed its state; `sealed` comes first: hidden from everyone, can be undone. Only `deleted` means gone, and checked. */
  'onfmn-erasure'?: (event: ForgetMeNotEventMap['fmn-erasure']) => unknown;
  /** Something did not work: the element's own files, your `fetchSession`, the way to the service, or the service. */
  'onfmn-error'?: (event: ForgetMeNotEventMap['fmn-error']) => unknown;
}

declare module 'svelte/elements' {
  interface SvelteHTMLElements {
    'forget-me-not': HTMLAttributes<ForgetMeNot> & Props;
  }
}
