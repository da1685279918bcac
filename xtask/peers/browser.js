// Chromium, and one page of it after another: each in a fresh profile, slowed down alike.
import { readFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';

/** What every page is slowed down to; stated with every figure. */
export const THROTTLE = { downKbit: 1_600, upKbit: 750, latencyMs: 150, cpu: 4 };
export const WINDOW = { width: 412, height: 915 };
/** Taller in the cold start, so that the first recording is in sight below what stands above the list. */
export const TALL = { ...WINDOW, height: 1_300 };

const probe = await readFile(new URL('probe.js', import.meta.url), 'utf8');

export function start({ chromium: executablePath, root }) {
  const args = ['--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--no-first-run'];
  if (root) args.push('--no-sandbox');
  return chromium.launch({ executablePath, args });
}

/** Slows a page down from now on. */
export async function throttle(cdp) {
  await cdp.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: THROTTLE.latencyMs,
    downloadThroughput: (THROTTLE.downKbit * 1000) / 8,
    uploadThroughput: (THROTTLE.upKbit * 1000) / 8,
  });
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: THROTTLE.cpu });
}

/** Opens a page in a profile of its own, hands it and its inspector over, and takes both away again. */
export async function inPage(browser, { host, viewport = WINDOW }, use) {
  const context = await browser.newContext({ viewport, locale: 'en', timezoneId: 'Europe/Berlin' });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    const troubles = [];
    page.on('pageerror', (error) => troubles.push(error.message));
    const cdp = await context.newCDPSession(page);
    await cdp.send('Network.enable');
    await page.addInitScript(`(${probe})(${JSON.stringify(host ?? null)})`);
    const result = await use(page, cdp);
    if (troubles.length) throw new Error(`the page failed: ${troubles[0]}`);
    return result;
  } finally {
    await context.close();
  }
}

/** Bytes that came over the wire until now, answers' heads included: files and answers of the service apart. */
export function wire(cdp) {
  const isData = new Map();
  const bytes = { files: 0, data: 0, requests: 0 };
  cdp.on('Network.responseReceived', ({ requestId, response }) => isData.set(requestId, new URL(response.url).pathname.startsWith('/v1/')));
  cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (!isData.has(requestId)) return;
    bytes[isData.get(requestId) ? 'data' : 'files'] += encodedDataLength;
    bytes.requests += 1;
  });
  return bytes;
}
