// What the element's script does with its life: failing, waiting, coming and going.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { until, visit } from './drive.mjs';

/** Tests of the element in `element`, on pages that `bare` opens. */
export function elementTests({ browser, element, bare }) {
  const open = async (work, options) => {
    const { url, close, broken } = await bare(options);
    const visitor = await visit(browser(), url);
    try {
      await work({ ...visitor, url, broken });
    } finally {
      await visitor.close();
      close();
    }
  };
  const load = (page, folder = '/fmn/') => page.evaluate((from) => import(`${from}forget-me-not.js`).then(() => {}), folder);
  const told = (page, ...events) =>
    until(page, `heard ${events}`, (events) => String(window.heard) === String(events), events).catch(async (error) => {
      throw Error(`${error.message}\nheard: ${await page.evaluate(() => window.heard)}`);
    });
  const listed = (page) => until(page, 'a list is shown', () =>
    [...document.querySelectorAll('forget-me-not')].every((it) => it.shadowRoot?.querySelector('li.row')));

  test('a load that failed shows the page\'s own words, and is tried again', () => open(async ({ page, broken }) => {
    await load(page);
    for (const [file, again] of [
      ['/fmn/forget_me_not_bg.wasm', () => window.dispatchEvent(new Event('online'))],
      ['/fmn/forget-me-not.css', () => document.querySelector('forget-me-not').setAttribute('locale', 'en-GB')],
      ['/fmn/forget_me_not.js', () => document.querySelector('forget-me-not').refresh()],
      ['/fmn/locales/en.json', () => document.querySelector('main').append(document.querySelector('forget-me-not'))],
    ]) {
      await page.reload();
      await load(page);
      broken.add(file);
      await page.evaluate(() => { window.add(); });
      await told(page, 'fmn-errorload');
      assert.equal(await page.evaluate(() => document.querySelector('forget-me-not').shadowRoot), null, file);
      broken.delete(file);
      await page.evaluate(again);
      await told(page, 'fmn-errorload', 'fmn-ready');
      await listed(page);
    }
  }));

  test('where a policy refuses WebAssembly, the page\'s own words stay', () => open(async ({ page }) => {
    await load(page);
    await page.evaluate(() => { window.add(); });
    await told(page, 'fmn-errorload');
    assert.ok(await page.evaluate(() => document.querySelector('main').innerText.includes('Ask us at the desk.')));
  }, { wasm: false }));

  test('an element that comes back to no texts shows the page\'s own words again', () => open(async ({ page, broken }) => {
    await load(page);
    await page.evaluate(() => { window.element = window.add(); });
    await listed(page);
    await page.evaluate(() => window.element.remove());
    broken.add('/fmn/locales/en.json');
    await page.evaluate(() => document.querySelector('main').append(window.element));
    await told(page, 'fmn-ready', 'fmn-errorload');
    assert.ok(await page.evaluate(() => document.querySelector('main').innerText.includes('Ask us at the desk.')));
    broken.delete('/fmn/locales/en.json');
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await listed(page);
    assert.ok(!await page.evaluate(() => document.querySelector('main').innerText.includes('Ask us at the desk.')));
  }));

  test('defined twice, also by another copy, it warns and goes on', () => open(async ({ page, complaints }) => {
    await load(page);
    await load(page, '/copy/');
    await page.evaluate(async () => {
      const { ForgetMeNot } = await import('/fmn/forget-me-not.js');
      ForgetMeNot.define();
      ForgetMeNot.define('family-page');
      const other = document.createElement('family-page');
      other.setAttribute('src', document.documentElement.dataset.api);
      if (!(other instanceof ForgetMeNot)) throw Error('another class');
      window.add();
    });
    await listed(page);
    assert.deepEqual(complaints, ['defined twice forget-me-not', 'defined twice forget-me-not']);
  }));

  test('properties set before the script was there are heard', () => open(async ({ page }) => {
    await page.evaluate(() => {
      const early = document.createElement('forget-me-not');
      Object.assign(early, { src: document.documentElement.dataset.api, fetchSession: window.fetchSession });
      document.querySelector('main').append(early);
    });
    await load(page);
    await listed(page);
    assert.ok(await page.evaluate(() => document.querySelector('forget-me-not').hasAttribute('src')));
  }));

  test('lazy, it asks for nothing until it is scrolled to, and for nothing ever once it is gone', () =>
    open(async ({ page, asked }) => {
      await load(page);
      const files = () => asked.filter((url) => url.endsWith('.wasm')).length;
      await page.evaluate(() => {
        document.querySelector('main').style.paddingTop = '5000px';
        window.gone = window.add({ loading: 'lazy' });
        window.gone.remove();
        window.add({ loading: 'lazy' });
        // The observers of both have had their say.
        return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100))));
      });
      assert.equal(files(), 0);
      await page.evaluate(() => document.querySelector('forget-me-not').scrollIntoView());
      await listed(page);
      assert.equal(files(), 1);
      assert.deepEqual(await page.evaluate(() => window.heard), ['fmn-ready']);
    }));

  test('a move keeps the page as it is', () => open(async ({ page }) => {
    await load(page);
    await page.evaluate(() => { window.add(); });
    await listed(page);
    await page.evaluate(() => {
      const element = document.querySelector('forget-me-not');
      window.row = element.shadowRoot.querySelector('li.row');
      document.body.prepend(element);
      return new Promise((done) => setTimeout(done, 50));
    });
    assert.ok(await page.evaluate(() => window.row.isConnected));
    assert.deepEqual(await page.evaluate(() => window.heard), ['fmn-ready']);
  }));

  test('a thousand elements that come, move and go leave no node, no listener and no word behind', () => open(async ({ page }) => {
    await load(page);
    const devtools = await page.createCDPSession();
    await devtools.send('HeapProfiler.enable');
    const cycles = (count) => page.evaluate(async (count) => {
      const pause = (ms) => new Promise((done) => setTimeout(done, ms));
      for (let n = 0; n < count; n++) {
        const pair = [window.add(), window.add(n % 2 ? { loading: 'lazy' } : {})];
        // One is a family's, the other nobody's: it is given the node that a family's page was in.
        if (n % 4) pair.reverse();
        pair[1].fetchSession = undefined;
        // They go before, while and after they are drawn; some are moved.
        if (n % 3) await pause(n % 4);
        if (n % 5 === 0) document.body.prepend(pair[0]);
        // Every so often, not before there is a list.
        if (n % 50 === 0) {
          const begun = performance.now();
          while (!pair[0].shadowRoot?.querySelector('li.row') && performance.now() - begun < 2e4) await pause(5);
          if (!pair[0].shadowRoot?.querySelector('li.row')) throw Error('no list in time');
        }
        if (/Mia|sky/.test(pair[1].shadowRoot?.textContent)) throw Error('what one element knew is seen in the next');
        for (const element of pair) element.remove();
      }
      window.heard.length = 0;
      await pause(300);
    }, count);
    const counts = async () => {
      let last;
      // Collected until nothing more goes: weak references take more than one round.
      for (let n = 0; n < 6; n++) {
        await devtools.send('HeapProfiler.collectGarbage');
        const { nodes, jsEventListeners } = await devtools.send('Memory.getDOMCounters');
        last = { nodes, jsEventListeners };
      }
      return last;
    };
    // A node that is used again goes on to listen for what it has once shown. So all there will ever be (two that are
    // shown, two that are not yet emptied) have shown everything before they are counted.
    await page.evaluate(() => { window.four = [1, 2, 3, 4].map(() => window.add()); });
    await listed(page);
    await page.evaluate(() => { for (const element of window.four.splice(0)) element.remove(); });
    await cycles(100);
    const before = await counts();
    await cycles(1000);
    // A call that was given up may still be on its way out, with the listeners that would have heard its answer.
    let after = await counts();
    for (let n = 0; n < 50 && (after.nodes > before.nodes || after.jsEventListeners > before.jsEventListeners); n++) {
      await new Promise((done) => setTimeout(done, 200));
      after = await counts();
    }
    // Fewer there may be: what the first hundred left to be collected is gone by now.
    assert.ok(after.nodes <= before.nodes, `${after.nodes} nodes, ${before.nodes} before`);
    assert.ok(after.jsEventListeners <= before.jsEventListeners, `${after.jsEventListeners} listeners, ${before.jsEventListeners} before`);
    // And it still works.
    await page.evaluate(() => { window.add(); });
    await listed(page);
  }));

  test('one element taken out and put back a hundred times listens no more than at first', () => open(async ({ page }) => {
    await load(page);
    await page.evaluate(() => { window.add(); });
    await listed(page);
    const devtools = await page.createCDPSession();
    const cycles = (count) => page.evaluate(async (count) => {
      const element = document.querySelector('forget-me-not');
      for (let n = 0; n < count; n++) {
        element.remove();
        await new Promise((done) => setTimeout(done));
        document.body.append(element);
        while (!element.shadowRoot?.querySelector('.page')) await new Promise((done) => setTimeout(done, 1));
      }
    }, count);
    const listeners = async () => {
      const { result } = await devtools.send('Runtime.evaluate', { expression: "document.querySelector('forget-me-not')" });
      return (await devtools.send('DOMDebugger.getEventListeners', { objectId: result.objectId })).listeners.length;
    };
    await cycles(3);
    const before = await listeners();
    assert.ok(before > 0);
    await cycles(100);
    assert.equal(await listeners(), before);
  }));

  test('importing it on a server, where there is no document, does nothing', async () => {
    const script = `import(${JSON.stringify(join(element, 'forget-me-not.js'))}).then((it) => console.log(typeof it.ForgetMeNot))`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script]);
    assert.equal(stdout.trim(), 'function');
  });
}
