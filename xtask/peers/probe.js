// Runs in every page before its own scripts: looks once a frame, and tells the time at which a frame was painted.
// What is looked for may be in the open shadow root of `host`.
(host) => {
  const root = () => (host ? document.querySelector(host)?.shadowRoot : document);
  const find = (selector) => root()?.querySelector(selector) ?? null;
  const all = (selector) => [...(root()?.querySelectorAll(selector) ?? [])];

  /** On the page: with a size, not hidden, not quite transparent. */
  const there = (element) => {
    if (!element?.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    const { width, height } = element.getBoundingClientRect();
    return width > 0 && height > 0;
  };

  /** And within the window. */
  const visible = (element) => {
    if (!there(element)) return false;
    const { top, bottom, left, right } = element.getBoundingClientRect();
    return bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
  };

  const holds = ({ shown, gone, text, matches }) => {
    if (shown) return visible(find(shown));
    if (gone) return !find(gone);
    return new RegExp(matches).test(find(text)?.textContent ?? '');
  };

  /**
   * Milliseconds since the navigation began when the frame was painted that first met the condition. A frame's
   * callbacks run before it is painted, a message that one of them posts is heard after it.
   */
  const painted = (what, condition) =>
    new Promise((resolve, reject) => {
      const { port1, port2 } = new MessageChannel();
      const begun = performance.now();
      port1.onmessage = () => { port1.close(); resolve(performance.now()); };
      const look = (now) => {
        if (condition()) port2.postMessage(0);
        else if (now - begun > 60_000) reject(new Error(`not within a minute: ${what}`));
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });

  /** First content painted, then its first control pressed at once: until when that has had its effect. */
  const cold = async ({ first, control, effect }) => {
    const content = await painted(first, () => visible(find(first)));
    const ready = await painted(control, () => visible(find(control)));
    const pressed = performance.now();
    find(control).click();
    const done = await painted('the effect of a press', () => holds(effect));
    return { content, ready, pressed, done };
  };

  // Long tasks, the distances of frames and the number of rows, between start() and stop().
  let tasks = [];
  const observer = new PerformanceObserver((entries) => tasks.push(...entries.getEntries()));
  observer.observe({ type: 'longtask' });
  let recording = null;
  const start = ({ row }) => {
    tasks = [];
    observer.takeRecords();
    const record = { from: performance.now(), frames: [], rows: 0 };
    let last;
    const frame = (now) => {
      if (last !== undefined) record.frames.push(Math.round((now - last) * 10) / 10);
      last = now;
      record.rows = Math.max(record.rows, all(row).length);
      if (recording === record) requestAnimationFrame(frame);
    };
    recording = record;
    requestAnimationFrame(frame);
  };
  const stop = () => {
    const { from, frames, rows } = recording;
    recording = null;
    tasks.push(...observer.takeRecords());
    // One that began before is the end of what came before.
    const long = tasks.filter(({ startTime }) => startTime >= from).map(({ duration }) => duration);
    return { frames, rows, longest: Math.max(0, ...long), long: long.length };
  };

  // A list that shows pages is asked for the next one when its button comes into view.
  let following = false;
  const follow = ({ more, row }) => {
    following = true;
    let asked = null;
    const look = () => {
      const rows = all(row).length;
      if (rows !== asked && visible(find(more))) {
        find(more).click();
        asked = rows;
      }
      if (following) requestAnimationFrame(look);
    };
    if (more) requestAnimationFrame(look);
  };
  /** Ends it; how far down the page is. */
  const unfollow = () => { following = false; return scrollY; };
  /** As who searches has it: the field at the top, what is found below it. */
  const top = ({ search }) => { find(search).focus(); find(search).scrollIntoView({ block: 'start' }); };

  const memories = [];
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const real = WebAssembly[name];
    WebAssembly[name] = async (...given) => {
      const made = await real.apply(WebAssembly, given);
      // Of a page in two halves, only the first has a memory, under a name of its own.
      memories.push(...Object.values((made.instance ?? made).exports).filter((it) => it instanceof WebAssembly.Memory));
      return made;
    };
  }
  const wasm = () => memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0);

  let typedAt = 0;
  addEventListener('input', (event) => { typedAt = event.timeStamp; }, true);

  const button = ({ selector, says }) => all(selector).find((it) => new RegExp(says).test(it.textContent));
  /** The words of the rows in sight; none while one of them is not there yet. */
  const shownWords = ({ words, absent }) =>
    all(absent).some(visible) ? [] : all(words).filter(visible).map((it) => it.textContent);
  const found = (list) => find(list.found)?.textContent ?? '';
  const since = async (begun, what, condition) => (await painted(what, condition)) - begun;
  // Each until it can be seen, in milliseconds.
  const until = {
    filled: (list) => painted('rows', () => there(find(list.words)) && /\d/.test(found(list))),
    foundOnly: (list, word, total) =>
      since(typedAt, 'what was searched', () => {
        const words = shownWords(list);
        return words.length > 0 && words.every((it) => it.includes(word)) && !found(list).includes(total);
      }),
    foundAll: (list, total) => painted('everything again', () => there(find(list.words)) && found(list).includes(total)),
    selectedAll: (list, total) => {
      const begun = performance.now();
      button(list.all).click();
      return since(begun, 'all selected', () =>
        found(list).includes(list.selected.replace('{total}', total)) && all(list.tick).filter(visible).every((it) => it.checked));
    },
    opened: (list) => {
      const begun = performance.now();
      all(list.open).find(visible).click();
      return since(begun, 'one opened', () => there(find(list.opened)));
    },
  };

  window.peers = { find, all, visible, cold, start, stop, follow, unfollow, top, until, wasm };
}
