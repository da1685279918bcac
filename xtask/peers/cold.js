// The cold start: payload, first content, first press, of every page in turn.
import { PAGES } from './subjects.js';
import { inPage, TALL, throttle, wire } from './browser.js';
import { serve } from './server.js';
import { median, table, told } from './stats.js';

/** How many recordings the child of the cold start has. */
export const RECORDINGS = 1_500;

export async function measure({ browser, folder, services, runs, say }) {
  const service = services[RECORDINGS];
  const servers = new Map();
  for (const page of PAGES) servers.set(page, await serve(`${folder}/${page.folder}`, page.list && service.url));
  const results = new Map(PAGES.map((page) => [page, []]));
  try {
    // The first round warms the machine's caches and counts for nothing.
    for (let run = 0; run <= runs; run++) {
      for (const page of PAGES) {
        const result = await once(browser, page, servers.get(page).origin, service);
        if (run > 0) results.get(page).push(result);
      }
      say(`cold start: ${run} of ${runs} runs`);
    }
  } finally {
    for (const server of servers.values()) server.close();
  }
  return PAGES.map((page) => ({ name: page.name, runs: results.get(page) }));
}

async function once(browser, { host, list, first, control, effect }, origin, service) {
  const address = list ? `${origin}/#${encodeURIComponent(await service.session(origin))}` : `${origin}/`;
  return inPage(browser, { host, viewport: TALL }, async (page, cdp) => {
    const bytes = wire(cdp);
    await throttle(cdp);
    await page.goto(address, { waitUntil: 'commit' });
    const sent = { first, control, effect: { ...effect, matches: effect.matches?.source } };
    const times = await page.evaluate((subject) => window.peers.cold(subject), sent);
    await page.waitForLoadState('networkidle');
    // When each request began and ended: where the time went.
    const waterfall = await page.evaluate(() =>
      performance.getEntriesByType('resource').map(({ name, startTime, responseEnd }) => {
        const [path] = name.slice(location.origin.length).split('?');
        return [path, Math.round(startTime), Math.round(responseEnd)];
      }),
    );
    return { ...times, ...bytes, waterfall };
  });
}

/** When the last file was there that was asked for before the first content, and when the list was asked for and there. */
function steps({ waterfall, content }) {
  const before = waterfall.filter(([path, begun]) => begun < content && !path.endsWith('.svg'));
  const files = before.filter(([path]) => !path.startsWith('/v1/'));
  const [, asked, there] = before.find(([path]) => path.endsWith('/recordings') || path.endsWith('/first-view')) ?? [];
  return { files: Math.max(...files.map(([, , ended]) => ended)), asked, there, content };
}

export function tables(results) {
  const ours = results[0];
  const content = (result) => median(result.runs.map((run) => run.content));
  const kilobytes = (result, what) => (median(result.runs.map((run) => run[what])) / 1000).toFixed(1);
  const start = table(
    ['Cold start', 'files, KB', 'answers, KB', 'requests', 'first content, ms', 'first press has its effect, ms', 'ours to it'],
    results.map((result) => [
      result.name,
      kilobytes(result, 'files'),
      kilobytes(result, 'data'),
      median(result.runs.map((run) => run.requests)),
      told(result.runs.map((run) => run.content)),
      told(result.runs.map((run) => run.done)),
      (content(ours) / content(result)).toFixed(2),
    ]),
  );
  const way = table(
    ['On the way to the first content, ms', 'files there', 'list asked for', 'list there', 'painted'],
    results.map(({ name, runs }) => {
      const all = runs.map(steps);
      const middle = (what) => (all[0][what] === undefined ? '' : median(all.map((one) => one[what])).toFixed(0));
      return [name, middle('files'), middle('asked'), middle('there'), middle('content')];
    }),
  );
  return [start, way];
}
