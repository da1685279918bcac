// A site of somebody: a folder over HTTP under a strict policy, the element's files below /fmn/, and
// /my-session from its own backend.
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { extname, join, normalize } from 'node:path';
import { mySession } from './backend.mjs';

const types = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

// The policy of docs/embed.md, and less where a site allows less. Vue and Svelte make their own templates through a policy of theirs.
export const policy = (api, trusted = '') => {
  const service = new URL(api).origin;
  return `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self' ${service}; `
    + `media-src ${service}; require-trusted-types-for 'script'; trusted-types${trusted || " 'none'"}; `
    + `base-uri 'none'; form-action ${service}; frame-ancestors 'none'`;
};

export async function site({ folder, element, api, vendorKey, guardian, trusted, wasm = true }) {
  const broken = new Set();
  const server = http.createServer(async (request, response) => {
    const path = normalize(new URL(request.url, 'http://site').pathname);
    const origin = `http://127.0.0.1:${server.address().port}`;
    if (path === '/my-session') {
      const answer = await mySession(request, { api, vendorKey, origin, guardianOf: () => guardian });
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      return response.end(await answer.text());
    }
    // A second copy of the same files, as it comes about by two packages on one page.
    const [, below] = path.match(/^\/(?:fmn|copy)\/(.*)/) ?? [];
    const file = below ? join(element, below) : join(folder, path === '/' ? 'index.html' : path);
    try {
      if (broken.has(path)) throw Error('a test says so');
      let body = await readFile(file);
      if (file.endsWith('.html')) body = body.toString().replaceAll('%API%', api).replace('%SERVICE%', new URL(api).origin);
      // A server that renders its pages writes the secret into the form.
      if (body.includes('%SECRET%')) {
        const minted = await mySession(request, { api, vendorKey, origin, guardianOf: () => guardian });
        body = body.replace('%SECRET%', (await minted.json()).client_secret);
      }
      response.writeHead(200, {
        'content-type': types[extname(file)] ?? 'application/octet-stream',
        'content-security-policy': policy(api, trusted).replace(wasm ? '' : " 'wasm-unsafe-eval'", ''),
        'x-content-type-options': 'nosniff',
      });
      response.end(body);
    } catch {
      // Asked for by browsers, not by the page.
      response.writeHead(path === '/favicon.ico' ? 204 : 404).end();
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close(), broken };
}
