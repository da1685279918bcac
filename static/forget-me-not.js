// docs/embed.md
const text = async (url) => {
  const response = await fetch(url);
  if (!response.ok) throw Error(url);
  return response.text();
};
// Every address is written out in full: bundlers look for this form.
const words = async (language) => {
  const texts = await text(new URL(`./locales/${language}.json`, import.meta.url));
  // Some servers answer with their front page where there is no file.
  JSON.parse(texts);
  return texts;
};

let engine;
const load = async (begin) => {
  const [wasm, module_or_path, css] = await Promise.all([
    import('./forget_me_not.js').then(begin),
    // One that is not there does not compile.
    fetch(new URL('./forget_me_not_bg.wasm', import.meta.url)),
    text(new URL('./forget-me-not.css', import.meta.url))]);
  await wasm.default({ module_or_path });
  return [wasm, await new CSSStyleSheet().replace(css)];
};

const attributes = ['policy', 'src', 'locale', 'loading', 'history', 'leave'];

// On a server there is no HTMLElement, and importing this must not fail there.
export class ForgetMeNot extends (globalThis.HTMLElement ?? Object) {
  static observedAttributes = attributes;
  #wasm; #id; #ask; #near; #turn = 0;

  static define(tag = 'forget-me-not', registry = globalThis.customElements) {
    if (registry?.get(tag)) console.warn('defined twice', tag);
    else registry?.define(tag, class extends this {});
  }

  // In a list: whoever was set is another one each time, also the same function after a sign-out.
  get fetchSession() { return this.#ask?.[0]; }
  set fetchSession(value) { this.#ask = [value]; this.#wasm?.update(this.#id); }
  refresh() { this.#wasm ? this.#wasm.refresh(this.#id) : this.#begin(); }

  connectedCallback() {
    // What was set before this class was there hides its accessor.
    for (const name of [...attributes, 'fetchSession']) if (Object.hasOwn(this, name)) {
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
    this.#wasm || this.#begin();
  }
  attributeChangedCallback() { this.isConnected && this.#begin(); }
  // A move reconnects at once.
  disconnectedCallback() {
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#rest();
      this.#wasm?.unmount(this.#id);
      this.#wasm = null;
    });
  }

  // Nothing that was under way goes on, nothing is waited for.
  #rest() {
    this.#near?.disconnect();
    removeEventListener('online', this.#begin);
    return ++this.#turn;
  }
  #begin = () => {
    this.#rest();
    if (this.loading != 'lazy' || this.#wasm) return this.#open();
    this.#near = new IntersectionObserver((seen) => { if (seen.some((it) => it.isIntersecting)) this.#open(); });
    this.#near.observe(this);
  };
  async #open() {
    const turn = this.#rest();
    try {
      // Attributes that are set together are one change.
      await 0;
      if (turn != this.#turn) return;
      const [[wasm, sheet], strings] = await Promise.all([
        engine ||= load((wasm) => (wasm.early?.(this, () => turn == this.#turn && this.#ask), wasm)).catch((error) => { engine = 0; throw error; }),
        words((this.locale || 'en').split('-')[0].toLowerCase()).catch(() => words('en'))]);
      if (turn != this.#turn) return;
      if (this.#wasm) return wasm.update(this.#id, strings);
      const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' });
      root.adoptedStyleSheets = [sheet];
      root.replaceChildren();
      // Like what is asked early, only where the module is in two halves.
      wasm.near?.(this);
      this.#id = wasm.mount(this, root, strings);
      this.#wasm = wasm;
      this.#tell('ready');
    } catch (error) {
      if (turn != this.#turn) return;
      addEventListener('online', this.#begin);
      // Without a page, the host's own content is what is shown.
      this.#wasm || this.shadowRoot?.append(document.createElement('slot'));
      this.#tell('error', { reason: 'load', error });
    }
  }
  #tell(name, detail) { this.dispatchEvent(new CustomEvent('fmn-' + name, { bubbles: true, composed: true, detail })); }
}
for (const name of attributes) Object.defineProperty(ForgetMeNot.prototype, name, {
  get() { return this.getAttribute(name) ?? ''; },
  set(value) { value == null ? this.removeAttribute(name) : this.setAttribute(name, value); },
});
ForgetMeNot.define();
