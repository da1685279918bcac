// Written from custom-elements.json by a test: FMN_WRITE=1 cargo test -p widget --test manifest
// Opt in: import type {} from 'forget-me-not/vue';
import type { ForgetMeNot, ForgetMeNotAttributes, ForgetMeNotEventMap } from './forget-me-not.js';
import type { HTMLAttributes, PublicProps } from 'vue';

interface Props extends ForgetMeNotAttributes {
  /** The page stands in the place of the element's own content. */
  onFmnReady?: (event: ForgetMeNotEventMap['fmn-ready']) => unknown;
  /** The service keeps a recording until a day (`YYYY-MM-DD`), or no longer keeps it (`null`). */
  onFmnKeep?: (event: ForgetMeNotEventMap['fmn-keep']) => unknown;
  /** A parent has confirmed a deletion and nothing is sent yet. `preventDefault()` stops it, and the page says that this site did. */
  onFmnBeforeErasure?: (event: ForgetMeNotEventMap['fmn-before-erasure']) => unknown;
  /** A deletion that is watched has changed its state; `sealed` comes first: hidden from everyone, can be undone. Only `deleted` means gone, and checked. */
  onFmnErasure?: (event: ForgetMeNotEventMap['fmn-erasure']) => unknown;
  /** Something did not work: the element's own files, your `fetchSession`, the way to the service, or the service. */
  onFmnError?: (event: ForgetMeNotEventMap['fmn-error']) => unknown;
}

declare module 'vue' {
  interface GlobalComponents {
    'forget-me-not': new () => ForgetMeNot & {
      /** @deprecated for templates only */
      $props: HTMLAttributes & PublicProps & Props;
    };
  }
}
