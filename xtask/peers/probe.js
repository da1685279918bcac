// Runs in every page before its own scripts: looks once a frame, and tells the time at which a frame was painted.
// What is looked for may be in the open shadow root of `host`.
(host) => {
  const root = () => (host ? document.querySelector(host)?.shadowRoot : document);
  const find = (selector) => root()?.querySelector(selector) ?? null;
  const all = (selector) => [...(root()?.querySelectorAll(selector) ?? [])];

  /** On the screen: with a size, not hidden, not quite transparent, within the window. */
  const visible = (element) => {
    if (!element?.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
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

  // Long tasks and the distances of frames, between start() and stop().
  let tasks = [];
  const observer = new PerformanceObserver((entries) => tasks.push(...entries.getEntries()));
  observer.observe({ type: 'longtask' });
  let recording = null;
  const start = () => {
    tasks = [];
    observer.takeRecords();
    const record = { from: performance.now(), frames: [], rows: 0, last: undefined };
    const frame = (now) => {
      if (record.last !== undefined) record.frames.push(now - record.last);
      record.last = now;
      if (recording === record) requestAnimationFrame(frame);
    };
    recording = record;
    requestAnimationFrame(frame);
  };
  const stop = () => {
    const { from, frames } = recording;
    recording = null;
    tasks.push(...observer.takeRecords());
    // One that began before is the end of what came before.
    const long = tasks.filter(({ startTime }) => startTime >= from).map(({ duration }) => duration);
    return { ms: performance.now() - from, frames, longest: Math.max(0, ...long), long: long.length };
  };

  window.peers = { find, all, visible, holds, painted, cold, start, stop };
}
