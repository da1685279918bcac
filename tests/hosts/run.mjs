// The packed element in real hosts, in real browsers, against the real service. `cargo xtask test
// hosts` packs, starts the service, and says in the environment where everything is.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { build } from 'vite';
import { clean, find, heard, launch, press, rows, shows, visit } from './drive.mjs';
import { elementTests } from './element.mjs';
import { family, words } from './family.mjs';
import { site } from './serve.mjs';

const here = import.meta.dirname;
const { FMN_API: api, FMN_VENDOR_KEY: vendorKey, FMN_DEMO: demo, FMN_PICTURES: pictures } = process.env;
const service = new URL(api).origin;
const element = join(here, 'node_modules/forget-me-not');
const read = async (file) => JSON.parse(await readFile(join(element, file), 'utf8'));
const texts = { ...await read('locales/en.json'), ...await read('locales/later/en.json') };

let chromium;
before(async () => {
  await mkdir(pictures, { recursive: true });
  chromium = await launch('chrome', process.env.FMN_CHROMIUM);
});
after(() => chromium?.close());

/** What every host must be able to do. Returns the parts and slots that were drawn. */
async function everything(browser, name, host) {
  const guardian = await family(`${name}-${Date.now()}`, { api, vendorKey, demo });
  const { url, close } = await site({ element, api, vendorKey, guardian, ...host });
  const visitor = await visit(browser, url);
  const { page } = visitor;
  const drawn = new Set();
  const look = async () => {
    const seen = await page.evaluate(() =>
      [...document.querySelector('forget-me-not').shadowRoot.querySelectorAll('[part]')].flatMap((it) => [...it.part]));
    for (const part of seen) drawn.add(part);
  };
  try {
    await heard(page, 'fmn-ready');
    await rows(page, words.length);
    await shows(page, words[0]);
    await look();
    await page.screenshot({ path: join(pictures, `${name}-list.png`) });

    await press(page, '.open', words[0]);
    await press(page, 'button', texts['keep-open']);
    await press(page, 'label', '12');
    await look();
    await press(page, 'button', texts['keep-do']);
    await heard(page, `fmn-keep ${new Date().getUTCFullYear() + 1}-`);
    await find(page, 'button', texts['keep-change']);
    await look();
    await page.screenshot({ path: join(pictures, `${name}-recording.png`) });
    await press(page, 'button', texts['back-to-list']);

    await press(page, '.open', words[1]);
    await press(page, 'button', texts['delete-this']);
    await find(page, 'dialog button', texts['erase-leave']);
    await look();
    await page.screenshot({ path: join(pictures, `${name}-dialog.png`) });
    await press(page, 'dialog .grave', '1');
    if (host.stepUp) {
      await shows(page, texts['trouble-stopped']);
      await heard(page, 'fmn-before-erasure items');
      await page.click('#again');
      await press(page, '.grave', texts.retry);
    }
    await heard(page, 'fmn-erasure sealed');
    await look();
    await press(page, 'button', texts.undo);
    await heard(page, 'fmn-erasure cancelled');
    await shows(page, texts['phrase-cancelled']);
    await press(page, 'button', texts['progress-leave']);
    await rows(page, words.length);
    await clean(visitor, url, service);
  } catch (error) {
    await page.screenshot({ path: join(pictures, `${name}-failed.png`) }).catch(() => {});
    error.message += `\nthe console: ${visitor.complaints.join('\n')}\nrefused: ${await page.evaluate(() => window.refused).catch(() => '')}`;
    throw error;
  } finally {
    await visitor.close();
    close();
  }
  return drawn;
}

const built = async (framework) => {
  await build({ configFile: join(here, 'vite.config.mjs'), mode: framework, root: join(here, framework) });
  return join(here, framework, 'dist');
};

test('a plain page, from a folder', async () => {
  const drawn = await everything(chromium, 'plain', { folder: join(here, 'plain'), stepUp: true });
  const manifest = JSON.parse(await readFile(join(element, 'custom-elements.json'), 'utf8'));
  const described = manifest.modules[0].declarations[0].cssParts.map(({ name }) => name);
  const others = [...drawn].filter((part) => !described.includes(part));
  assert.deepEqual(others, [], 'parts are drawn that are not described');
  assert.ok(drawn.has('page') && drawn.has('dialog') && drawn.has('play'), 'parts were looked at');
});

test('a page whose own style sheet is hostile', async () => {
  await everything(chromium, 'hostile', { folder: join(here, 'hostile') });
});

test('React 19, built with Vite', async () => {
  await everything(chromium, 'react', { folder: await built('react') });
});

test('Vue, built with Vite', async () => {
  await everything(chromium, 'vue', { folder: await built('vue'), trusted: ' vue' });
});

test('Svelte, built with Vite', async () => {
  await everything(chromium, 'svelte', { folder: await built('svelte'), trusted: ' svelte-trusted-html' });
});

test('without scripts, the form in the element leads to the plain page', async () => {
  const guardian = await family(`scriptless-${Date.now()}`, { api, vendorKey, demo });
  const { url, close } = await site({ element, api, vendorKey, guardian, folder: join(here, 'scriptless') });
  const context = await chromium.createBrowserContext();
  const page = await context.newPage();
  await page.setJavaScriptEnabled(false);
  await page.goto(url);
  await Promise.all([page.waitForNavigation(), page.click('forget-me-not button')]);
  assert.ok(page.url().startsWith(`${service}/plain`), page.url());
  const shown = await page.evaluate(() => document.body.innerText);
  assert.match(shown, /Mia/);
  assert.match(shown, /3 recordings/);
  await context.close();
  close();
});

test('light, dark, and in the colours of a brand', async () => {
  const guardian = await family(`themes-${Date.now()}`, { api, vendorKey, demo });
  const { url, close } = await site({ element, api, vendorKey, guardian, folder: join(here, 'themes') });
  const visitor = await visit(chromium, url);
  const { page } = visitor;
  await page.setViewport({ width: 640, height: 540 });
  const grounds = [];
  for (const theme of ['light', 'dark', 'brand']) {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme === 'dark' ? 'dark' : 'light' }]);
    if (theme === 'brand') await page.addStyleTag({ url: '/brand.css' });
    await rows(page, words.length);
    await press(page, '.open', words[0]);
    await find(page, '[part~=play]', '');
    grounds.push(await page.evaluate(() =>
      getComputedStyle(document.querySelector('forget-me-not').shadowRoot.querySelector('[part~=page]')).backgroundColor));
    await page.evaluate(() => scrollTo(0, 0));
    await page.screenshot({ path: join(pictures, `theme-${theme}.png`) });
    await press(page, 'button', texts['back-to-list']);
  }
  assert.equal(new Set(grounds).size, 3);
  assert.equal(grounds[2], 'rgb(255, 250, 240)');
  await clean(visitor, url, service);
  await visitor.close();
  close();
});

test('the types are those of the element, in TypeScript, React, Vue and Svelte', async () => {
  await promisify(execFile)(process.execPath, [join(here, 'node_modules/typescript/bin/tsc'), '-p', here]);
});

elementTests({
  browser: () => chromium,
  element,
  bare: async (options) => {
    const guardian = await family(`bare-${Math.random()}`, { api, vendorKey, demo });
    return site({ element, api, vendorKey, guardian, folder: join(here, 'bare'), ...options });
  },
});

test('a plain page in Firefox', async () => {
  const firefox = await launch('firefox', process.env.FMN_FIREFOX);
  try {
    await everything(firefox, 'firefox', { folder: join(here, 'plain'), stepUp: true });
  } finally {
    await firefox.close();
  }
});
