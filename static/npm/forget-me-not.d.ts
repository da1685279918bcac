// Written from custom-elements.json by a test: FMN_WRITE=1 cargo test -p widget --test manifest

/** What your backend got from `POST /v1/sessions`. */
export interface Session {
  client_secret: string;
  expires_at: string;
}

export interface ForgetMeNotEventMap {
  /** The page stands in the place of the element's own content. */
  'fmn-ready': CustomEvent<null>;
  /** The service keeps a recording until a day (`YYYY-MM-DD`), or no longer keeps it (`null`). */
  'fmn-keep': CustomEvent<{ recording: string; until: string | null }>;
  /** A parent has confirmed a deletion and nothing is sent yet. `preventDefault()` stops it, and the page says that this site did. */
  'fmn-before-erasure': CustomEvent<{ scope: 'items' | 'range' | 'class' | 'search' | 'child' | 'everything'; recordings: number }>;
  /** A deletion that is watched has changed its state; `sealed` comes first: hidden from everyone, can be undone. Only `deleted` means gone, and checked. */
  'fmn-erasure': CustomEvent<{ id: string; state: 'sealed' | 'erasing' | 'deleted' | 'cancelled' }>;
  /** Something did not work: the element's own files, your `fetchSession`, the way to the service, or the service. */
  'fmn-error': CustomEvent<{ reason: 'load' | 'session' | 'unreachable' | 'service'; error?: unknown }>;
}

/** A page on which parents see, hear, keep or delete what devices recorded of their child. */
export declare class ForgetMeNot extends HTMLElement {
  /** Where the service is, with its version: `https://api.example/v1`. Needed. */
  src: string;
  /** The language, as a BCP 47 tag like `de` or `en-GB`. Where there are no texts in it, the page is English. */
  locale: string;
  /** `lazy` waits with everything until the element is scrolled into sight. */
  loading: '' | 'eager' | 'lazy';
  /** `none` makes no entries in the browser's history. Without it, back and forward lead through the page; addresses never change. */
  history: '' | 'none';
  /** Where “Leave this page” goes, the way out for somebody who is watched. */
  leave: string;
  /** Whom receipts are checked against: the text of a policy (`c2sp.org/tlog-policy`) with the ledger's key and its witnesses. Without it, what the service says of itself counts, and the page says so. */
  policy: string;
  /** Gives a session: your backend's answer from `POST /v1/sessions`, as it is. Called when one is needed, and again before it ends. Another function means another parent, and the page starts afresh. */
  fetchSession: (() => Session | Promise<Session>) | undefined;
  /** Asks again for what is shown. Where loading had failed, tries again. */
  refresh(): void;
  /** Defines the element under another name, or in another registry. `forget-me-not` itself is defined by loading the script. */
  static define(tag?: string, registry?: CustomElementRegistry): void;
  addEventListener<K extends keyof ForgetMeNotEventMap>(type: K, listener: (this: ForgetMeNot, event: ForgetMeNotEventMap[K]) => unknown, options?: boolean | AddEventListenerOptions): void;
  addEventListener<K extends keyof HTMLElementEventMap>(type: K, listener: (this: ForgetMeNot, event: HTMLElementEventMap[K]) => unknown, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof ForgetMeNotEventMap>(type: K, listener: (this: ForgetMeNot, event: ForgetMeNotEventMap[K]) => unknown, options?: boolean | EventListenerOptions): void;
  removeEventListener<K extends keyof HTMLElementEventMap>(type: K, listener: (this: ForgetMeNot, event: HTMLElementEventMap[K]) => unknown, options?: boolean | EventListenerOptions): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | EventListenerOptions): void;
}

/** What can be written on the tag. */
export interface ForgetMeNotAttributes {
  /** Where the service is, with its version: `https://api.example/v1`. Needed. */
  src?: string;
  /** The language, as a BCP 47 tag like `de` or `en-GB`. Where there are no texts in it, the page is English. */
  locale?: string;
  /** `lazy` waits with everything until the element is scrolled into sight. */
  loading?: '' | 'eager' | 'lazy';
  /** `none` makes no entries in the browser's history. Without it, back and forward lead through the page; addresses never change. */
  history?: '' | 'none';
  /** Where “Leave this page” goes, the way out for somebody who is watched. */
  leave?: string;
  /** Whom receipts are checked against: the text of a policy (`c2sp.org/tlog-policy`) with the ledger's key and its witnesses. Without it, what the service says of itself counts, and the page says so. */
  policy?: string;
  /** Gives a session: your backend's answer from `POST /v1/sessions`, as it is. Called when one is needed, and again before it ends. Another function means another parent, and the page starts afresh. */
  fetchSession?: (() => Session | Promise<Session>) | undefined;
}

declare global {
  interface HTMLElementTagNameMap {
    'forget-me-not': ForgetMeNot;
  }
}
