// README.md
const get = async (path) => {
  const response = await fetch(new URL(path, import.meta.url));
  if (!response.ok) throw Error(path);
  return response;
};
const text = async (path) => (await get(path)).text();
const words = (language) => text(`./locales/${language}.json`);

let engine;
const load = async () => {
  const [wasm, module_or_path, css] = await Promise.all(
    [import('./forget_me_not.js'), get('./forget_me_not_bg.wasm'), text('./forget-me-not.css')]);
  await wasm.default({ module_or_path });
  return [wasm, await new CSSStyleSheet().replace(css)];
};

export class ForgetMeNot extends HTMLElement {
  static observedAttributes = ['src', 'locale'];
  #wasm; #id; #ask; #turn = 0;

  static define(tag = 'forget-me-not', registry = customElements) {
    if (registry.get(tag)) console.warn('defined twice', tag);
    else registry.define(tag, class extends this {});
  }

  get src() { return this.getAttribute('src') ?? ''; }
  set src(value) { this.setAttribute('src', value); }
  get locale() { return this.getAttribute('locale') ?? 'en'; }
  set locale(value) { this.setAttribute('locale', value); }
  get fetchSession() { return this.#ask; }
  set fetchSession(value) { this.#ask = value; this.#wasm?.update(this.#id); }

  connectedCallback() {
    // What was set too early hides its accessor.
    for (const name in { ...this }) { const value = this[name]; delete this[name]; this[name] = value; }
    if (this.#wasm) return;
    if (this.getAttribute('loading') != 'lazy') return this.#open();
    new IntersectionObserver(([seen], it) => { if (seen.isIntersecting) { it.disconnect(); this.#open(); } })
      .observe(this);
  }
  attributeChangedCallback() { if (this.#turn) this.#open(); }
  // A move reconnects at once.
  disconnectedCallback() {
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#turn++;
      this.#wasm?.unmount(this.#id);
      this.#wasm = null;
    });
  }

  async #open() {
    const turn = ++this.#turn;
    try {
      const [[wasm, sheet], strings] = await Promise.all(
        [engine ??= load(), words(this.locale.split('-')[0]).catch(() => words('en'))]);
      if (turn != this.#turn || !this.isConnected) return;
      if (this.#wasm) return wasm.update(this.#id, strings);
      const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' });
      root.adoptedStyleSheets = [sheet];
      this.#id = wasm.mount(this, root, strings);
      this.#wasm = wasm;
      this.#tell('ready');
    } catch (error) {
      engine = null;
      this.#tell('error', error);
    }
  }
  #tell(name, detail) { this.dispatchEvent(new CustomEvent('fmn-' + name, { detail, bubbles: true, composed: true })); }
}
ForgetMeNot.define();
