// `cargo xtask bench --peers` starts this with what it has built: node main.js SETTINGS.json
import { readFile, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { start, TALL, THROTTLE, WINDOW } from './browser.js';
import * as cold from './cold.js';
import * as list from './list.js';

const settings = JSON.parse(await readFile(process.argv[2], 'utf8'));
const { runs, folder, parts } = settings;
const say = (text) => process.stdout.write(`   ${text}\n`);

/** A service with a number of recordings, and sessions with it as a vendor's backend asks for them. */
function service({ url, data }) {
  const key = readFileSync(`${data}/vendor.key`, 'utf8').trim();
  const session = async (origin) => {
    const answer = await fetch(`${url}/v1/sessions`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ guardian: 'guardian 0', origin }),
    });
    if (!answer.ok) throw new Error(`no session: ${answer.status} ${await answer.text()}`);
    return answer.text();
  };
  return { url, session };
}

const services = Object.fromEntries(settings.services.map((one) => [one.recordings, service(one)]));
const begun = Date.now();
const load = [loadavg()[0]];
const browser = await start(settings);
const results = { throttle: THROTTLE, window: WINDOW, chromium: browser.version(), runs };
const tables = [];
try {
  for (const part of parts) {
    const { measure, tables: show } = { cold, lists: list }[part];
    results[part] = await measure({ browser, folder, services, runs, say });
    tables.push(...show(results[part]));
    // What comes after takes long, and may fail.
    console.log(tables.join('\n\n'));
  }
} finally {
  await browser.close();
}
load.push(loadavg()[0]);
results.seconds = Math.round((Date.now() - begun) / 1000);
results.load = load;

const { downKbit, upKbit, latencyMs, cpu } = THROTTLE;
const conditions =
  `Chromium ${results.chromium}, headless, window ${WINDOW.width} x ${WINDOW.height} (${TALL.height} in the cold start); ${downKbit / 1000} Mbit/s down, ` +
  `${upKbit / 1000} up, ${latencyMs} ms added to each request, CPU ${cpu} times slower. Medians (least–most) of ${runs} ` +
  `runs each, one page after the other in turn, each in a fresh profile. ${results.seconds} s in all; ` +
  `load average ${load.map((value) => value.toFixed(1)).join(' before and ')} after.`;
await writeFile(`${settings.out}.json`, `${JSON.stringify(results, null, 1)}\n`);
await writeFile(`${settings.out}.md`, `${conditions}\n\n${tables.join('\n\n')}\n`);
