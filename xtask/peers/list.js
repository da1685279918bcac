// The list under load: scrolling, searching, selecting all, opening one; ours and the React list in turn.
import { OURS, REACT } from './subjects.js';
import { inPage, throttle, THROTTLE } from './browser.js';
import { serve } from './server.js';
import { median, quantile, table } from './stats.js';

const PAGES = [OURS, REACT];
/** How many recordings the child has. */
const SIZES = [1_000, 10_000, 100_000];
/** A turn of the wheel: so many pixels, that often, for that long. */
const WHEEL = { pixels: 400, everyMs: 50, forMs: 1_500 };
/** What is searched, a letter at a time. Every fourth recording has it. */
const WORD = 'walnut';
const LETTER_MS = 80;

/** Between two things done, until what the first one left has come to rest. */
const SETTLE_MS = 300;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function measure({ browser, folder, services, runs, say }) {
  const cases = [];
  for (const recordings of SIZES) {
    const service = services[recordings];
    for (const page of PAGES) {
      const server = await serve(`${folder}/${page.folder}`, service.url);
      cases.push({ recordings, page, service, server, runs: [] });
    }
  }
  try {
    for (let run = 1; run <= runs; run++) {
      for (const one of cases) one.runs.push(await once(browser, one));
      say(`lists: ${run} of ${runs} runs`);
    }
  } finally {
    for (const { server } of cases) server.close();
  }
  return cases.map(({ recordings, page, runs }) => ({ name: page.name, recordings, runs }));
}

async function once(browser, { recordings, page: { host, list }, service, server }) {
  const address = `${server.origin}/#${encodeURIComponent(await service.session(server.origin))}`;
  return inPage(browser, { host }, async (page, cdp) => {
    const result = { heap: {}, wasm: {} };
    const total = recordings.toLocaleString('en');

    /** The heap when the garbage is gone, and beside it the memory of wasm. */
    const weigh = async (what) => {
      await cdp.send('Emulation.setCPUThrottlingRate', { rate: 1 });
      await cdp.send('HeapProfiler.collectGarbage');
      result.heap[what] = (await cdp.send('Runtime.getHeapUsage')).usedSize;
      result.wasm[what] = await page.evaluate(() => window.peers.wasm());
      await cdp.send('Emulation.setCPUThrottlingRate', { rate: THROTTLE.cpu });
    };
    const measured = async (what, act) => {
      await page.evaluate((list) => window.peers.start(list), list);
      const effect = await act();
      // What an action leaves for later belongs to it.
      await pause(200);
      result[what] = { ...(await page.evaluate(() => window.peers.stop())), effect };
      await weigh(what);
    };

    await page.goto(address, { waitUntil: 'commit' });
    await page.evaluate((list) => window.peers.until.filled(list), list);
    await pause(SETTLE_MS);
    await throttle(cdp);
    await weigh('loaded');

    await page.mouse.move(200, 700);
    await measured('scrolling', async () => {
      await page.evaluate((list) => window.peers.follow(list), list);
      const turns = [];
      for (let ms = 0; ms < WHEEL.forMs; ms += WHEEL.everyMs) {
        turns.push(page.mouse.wheel(0, WHEEL.pixels), pause(WHEEL.everyMs));
        await turns.at(-1);
      }
      await Promise.all(turns);
    });
    result.depth = await page.evaluate(() => window.peers.unfollow());

    await page.evaluate((list) => window.peers.top(list), list);
    await pause(SETTLE_MS);
    await measured('searching', async () => {
      await page.keyboard.type(WORD, { delay: LETTER_MS });
      return page.evaluate(([list, word, total]) => window.peers.until.foundOnly(list, word, total), [list, WORD, total]);
    });
    await page.keyboard.press('Control+A');
    await page.keyboard.press('Delete');
    await page.evaluate(([list, total]) => window.peers.until.foundAll(list, total), [list, total]);
    await pause(SETTLE_MS);

    await measured('selecting all', () =>
      page.evaluate(([list, total]) => window.peers.until.selectedAll(list, total), [list, total]));
    await measured('opening one', () => page.evaluate((list) => window.peers.until.opened(list), list));
    return result;
  });
}

const ACTIONS = ['scrolling', 'searching', 'selecting all', 'opening one'];

const task = (ms) => (ms > 0 ? ms.toFixed(0) : '< 50');

/** The median of the runs' longest tasks, and the longest of all. A browser tells none below 50 ms. */
function longest(runs, action) {
  const all = runs.map((run) => run[action].longest);
  return `${task(quantile(all, 0.5))} (${task(Math.max(...all))})`;
}

function frames(runs, action) {
  const all = runs.flatMap((run) => run[action].frames);
  const slowest = median(runs.map((run) => Math.max(...run[action].frames)));
  return `${quantile(all, 0.5).toFixed(0)} / ${quantile(all, 0.95).toFixed(0)} / ${slowest.toFixed(0)}`;
}

const effect = (runs, action) =>
  runs[0][action].effect ? median(runs.map((run) => run[action].effect)).toFixed(0) : '';

const megabytes = (runs, kind, what) => (median(runs.map((run) => run[kind][what])) / 1e6).toFixed(1);

export function tables(results) {
  const of = (recordings) => results.filter((result) => result.recordings === recordings).map(({ runs }) => runs);
  const both = (recordings, tell) => of(recordings).map(tell);
  const name = (recordings) => recordings.toLocaleString('en');
  const doing = ACTIONS.flatMap((action) =>
    SIZES.map((recordings) => [
      `${action}, ${name(recordings)}`,
      ...both(recordings, (runs) => longest(runs, action)),
      ...both(recordings, (runs) => frames(runs, action)),
      ...both(recordings, (runs) => effect(runs, action)),
    ]),
  );
  const holding = SIZES.map((recordings) => [
    name(recordings),
    ...both(recordings, (runs) => Math.max(...runs.map((run) => run.scrolling.rows))),
    ...both(recordings, (runs) => median(runs.map((run) => run.depth)).toFixed(0)),
    ...both(recordings, (runs) => ['loaded', ...ACTIONS].map((what) => megabytes(runs, 'heap', what)).join(', ')),
    ...both(recordings, (runs) => megabytes(runs, 'wasm', 'opening one')),
  ]);
  const twice = (header) => [`${header}: ours`, 'React'];
  return [
    table(
      ['Doing, with so many recordings', ...twice('longest task, ms'), ...twice('frames p50 / p95 / most, ms'), ...twice('until the effect, ms')],
      doing,
    ),
    table(
      [
        'Recordings',
        ...twice('rows in the DOM at most'),
        ...twice('pixels scrolled'),
        ...twice(`JS heap loaded, after ${ACTIONS.join(', ')}, MB`),
        ...twice('wasm memory at the end, MB'),
      ],
      holding,
    ),
  ];
}
