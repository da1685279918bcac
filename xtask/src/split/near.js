
// The second half shares the first one's memory and functions; those by their places in its table.
let rest;
const more = () => rest ??= fetch(new URL('./forget_me_not_later.wasm', import.meta.url), { signal: AbortSignal.timeout(3e4) })
  .then((response) => response.arrayBuffer())
  .then((bytes) => WebAssembly.instantiate(bytes, { m: new Proxy(wasm, { get: (_, name) => wasm[name] ?? wasm.later.get(name) }) }))
  .catch((error) => { rest = null; throw error; });
const soon = () => more().catch(() => {});
export const near = (element) => {
  rest || second_half(more);
  // Whoever comes near will soon want more.
  for (const event of ['pointerover', 'focusin']) element.addEventListener(event, soon, { once: true });
};
