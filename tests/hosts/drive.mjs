// A browser with a parent before it, and everything that goes wrong written down.
import assert from 'node:assert/strict';
import puppeteer from 'puppeteer-core';

const patience = 20_000;

export const launch = (browser, executablePath) =>
  puppeteer.launch({
    browser,
    executablePath,
    headless: true,
    args: browser === 'chrome'
      ? ['--no-first-run', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking',
        '--disable-component-update', '--disable-sync', '--js-flags=--expose-gc',
        ...(process.getuid() === 0 ? ['--no-sandbox'] : [])]
      : [],
  });

/** A page with what it asked for and what it complained about. */
export async function visit(browser, url) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const asked = [];
  const complaints = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('console', (message) => ['error', 'warn'].includes(message.type()) && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => {
    // What the element itself calls off, like news of a deletion that is no longer looked at.
    const why = request.failure()?.errorText ?? '';
    if (!/ERR_ABORTED|NS_BINDING_ABORTED/.test(why)) complaints.push(`${request.url()} ${why}`);
  });
  await page.evaluateOnNewDocument(() => {
    window.refused = [];
    document.addEventListener('securitypolicyviolation', (event) =>
      window.refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  });
  await page.setViewport({ width: 1000, height: 900 });
  await page.goto(url);
  return { page, asked, complaints, close: () => context.close() };
}

/** Waits until `ask`, run in the page, gives something; returns a handle of it. */
export async function until(page, what, ask, ...given) {
  try {
    return await page.waitForFunction(ask, { timeout: patience, polling: 50 }, ...given);
  } catch (error) {
    const shown = await page.evaluate(() =>
      [...(document.querySelector('forget-me-not')?.shadowRoot?.children ?? [])].map((it) => it.innerText).join('\n'));
    throw new Error(`waited in vain until ${what}: ${error.message}\nthe element shows:\n${shown}`);
  }
}

/** The first visible element in the shadow root whose label or text has all these words. */
export const find = (page, selector, ...words) =>
  until(page, `${selector} “${words}” is there`, (selector, words) =>
    [...(document.querySelector('forget-me-not')?.shadowRoot?.querySelectorAll(selector) ?? [])].find((it) => {
      const label = it.getAttribute('aria-label') ?? it.textContent;
      return it.checkVisibility() && words.every((word) => label.includes(word));
    }), selector, words);

/** A real click, so that something that lies over it is noticed. */
export async function press(page, selector, ...words) {
  const found = await find(page, selector, ...words);
  await found.scrollIntoView();
  await found.click();
}

export const shows = (page, words) =>
  until(page, `“${words}” is shown`, (words) =>
    [...(document.querySelector('forget-me-not')?.shadowRoot?.children ?? [])].some((it) => it.innerText.includes(words)), words);

export const rows = (page, count) =>
  until(page, `there are ${count} rows`, (count) =>
    document.querySelector('forget-me-not')?.shadowRoot?.querySelectorAll('li.row').length === count, count);

export const heard = (page, words) =>
  until(page, `the host has heard ${words}`, (words) => document.querySelector('#heard')?.textContent.includes(words), words);

/** Nothing was refused, nothing complained, nobody else was asked. */
export async function clean({ page, asked, complaints }, ...origins) {
  assert.deepEqual(await page.evaluate(() => window.refused), []);
  assert.deepEqual(complaints, []);
  const kept = await page.evaluate(async () =>
    [document.cookie, { ...localStorage }, { ...sessionStorage }, await indexedDB.databases(), location.pathname + location.search + location.hash]);
  assert.deepEqual(kept, ['', {}, {}, [], '/'], 'nothing is stored, and the address stays');
  // What is written out in an address asks nobody: Chromium draws a date field's calendar so.
  const others = asked.filter((url) => !url.startsWith('data:') && !origins.some((origin) => url.startsWith(`${origin}/`)));
  assert.deepEqual(others, [], 'somebody else was asked');
  assert.ok(asked.some((url) => url.endsWith('.wasm')), 'the requests were written down');
}
