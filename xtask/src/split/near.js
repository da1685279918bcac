
// Loads the module from the answer that the element's script has asked for.
export default async ({ module_or_path: answer }) => {
  const imports = __wbg_get_imports();
  const { instance, module } = answer.headers.get('content-type') == 'application/wasm'
    ? await WebAssembly.instantiateStreaming(answer, imports)
    // A server that calls it something else makes it slower.
    : await WebAssembly.instantiate(await answer.arrayBuffer(), imports);
  __wbg_finalize_init(instance, module);
};

// The second half shares the first one's memory and functions; those by their places in its table.
let rest;
const more = () => rest ??= fetch(new URL('./forget_me_not_later.wasm', import.meta.url), { signal: AbortSignal.timeout(3e4) })
  .then((response) => response.arrayBuffer())
  .then((bytes) => WebAssembly.instantiate(bytes, { m: new Proxy(wasm, { get: (_, name) => wasm[name] ?? wasm.later.get(name) }) }))
  .catch((error) => { rest = null; throw error; });
// The texts that the first view does without, in a language or else in English.
const said = {};
const texts = (language) => said[language] ??= fetch(new URL(`./locales/later/${language}.json`, import.meta.url), { signal: AbortSignal.timeout(3e4) })
  .then(async (response) => {
    if (!response.ok) throw response;
    return JSON.stringify(await response.json());
  })
  .catch((error) => {
    said[language] = null;
    if (language == 'en') throw error;
    return texts('en');
  });
// What checks receipts: the very one that was built with this.
let checker;
const verifier = () => checker ??= import('./verifier.js')
  .then(async (it) => {
    await it.default({ module_or_path: fetch(new URL('./verifier_bg.wasm', import.meta.url), { integrity: 'VERIFIER' }) });
    return it;
  })
  .catch((error) => { checker = null; throw error; });
// One function for all: an element that is mounted again does not listen twice.
const soon = ({ currentTarget: { locale } }) =>
  Promise.all([more(), texts((locale || 'en').split('-')[0].toLowerCase())]).catch(() => {});
export const near = (element) => {
  rest || second_half(more, texts, verifier);
  // Whoever comes near will soon want more.
  for (const event of ['pointerover', 'focusin']) element.addEventListener(event, soon, { once: true });
};

// What the element that loads the module will ask for first, asked while that is on its way (docs/decisions/0006).
// When the module makes one of those calls, it is given its part of the answer: once, and only to the same
// question under the same session, by an element that was not touched since.
let ahead, end;
const fresh = () => ahead && ahead.still() == ahead.ask && Date.now() < end;
const nothing = () => {};
export const early = (element, still) => {
  // Which setting of `fetchSession` this is, while the element is opened; the same function set again is another.
  const ask = still();
  const { src, locale, fetchSession } = element;
  const base = src.replace(/\/+$/, '');
  if (!ask || !base || typeof fetchSession != 'function') return;
  const session = (async () => fetchSession.call(element))();
  const sent = new Map();
  const mine = ahead = { element, ask, session, sent, still };
  end = Date.now() + 3e4;
  // Nothing of it is kept for longer than it counts.
  setTimeout(() => { if (ahead == mine) ahead = null; }, 3e4);
  session.then(({ client_secret }) => {
    if (!client_secret || ahead != mine || !fresh()) return;
    const zone = 'tz=' + encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone);
    const headers = { authorization: 'Bearer ' + client_secret, accept: 'application/json' };
    const keep = (path, answer) => {
      answer = answer.then((part) => {
        if (!part) throw part;
        return { ok: true, text: async () => JSON.stringify(part) };
      });
      answer.catch(nothing);
      sent.set(base + path, { headers, answer });
    };
    const view = fetch(base + '/first-view?' + zone, { headers }).then(async (answer) => {
      // A service that does not know this, or not the session, is asked by the module itself.
      if (!answer.ok) throw await answer.text();
      const { children, list } = await answer.json();
      // Of an only child, whose list is shown at once.
      for (const [path, part] of list ? [['recordings?limit=100&skip=0', 'recordings'], ['timeline?&' + zone, 'timeline']] : []) {
        keep(`/children/${children.items[0].id}/${path}`, Promise.resolve(list[part]));
      }
      return children;
    });
    keep('/children', view);
  }).catch(nothing);
  // A browser takes long over its first date in a language, and has the time now: behind the first call.
  setTimeout(() => {
    try {
      for (const kind of ['DateTimeFormat', 'PluralRules', 'ListFormat']) new Intl[kind](locale || 'en', { dateStyle: 'long' });
    } catch { /* No language: the page will be in another. */ }
  });
};

// What the module calls in place of `fetchSession`, of `fetch`, and of a timer between two steps of Yew, which
// lets the browser draw: not while all that is to be drawn first is there already.
const sign_in = (fetchSession, element) => {
  // Everything that the module calls comes through here, with no element most often, and mostly when nothing is ahead.
  if (!fresh() || ahead.element != element || !ahead.session) return fetchSession.call(element);
  const { session } = ahead;
  ahead.session = null;
  return session;
};
const send = (url, init) => {
  const { headers, answer } = ahead?.sent.get(url) ?? {};
  if (!answer || headers.authorization != init.headers.authorization || !fresh()) return fetch(url, init);
  ahead.sent.delete(url);
  return answer.catch(() => fetch(url, init));
};
const rest_a_moment = (then, ms) => ahead?.sent.size && fresh() ? queueMicrotask(then) : setTimeout(then, ms);
