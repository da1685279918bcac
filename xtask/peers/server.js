// One static server for all pages: what was compressed beforehand is sent as it lies there. /v1 goes to the service,
// so that a list and its recordings are of one origin.
import { createServer, request as ask, Agent } from 'node:http';
import { readFile } from 'node:fs/promises';
import { join, extname, normalize } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};
const agent = new Agent({ keepAlive: true });

/** Serves a folder, and a service's API where one is given; resolves to its origin and what ends it. */
export async function serve(folder, service) {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://page').pathname));
    if (service && path.startsWith('/v1/')) return forward(service, request, response);
    send(folder, path.endsWith('/') ? `${path}index.html` : path, response).catch((error) => response.destroy(error));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () => { server.close(); server.closeAllConnections(); },
  };
}

async function send(folder, path, response) {
  const bytes = await readFile(join(folder, `${path}.br`)).catch(() => null);
  if (!bytes) return response.writeHead(404).end();
  response.writeHead(200, {
    'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream',
    'Content-Encoding': 'br',
    'Content-Length': bytes.length,
    'Cache-Control': 'no-cache',
  });
  response.end(bytes);
}

function forward(service, { method, url, headers, ...request }, response) {
  const { hostname, port } = new URL(service);
  const onward = ask({ agent, hostname, port, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  if (method === 'GET') onward.end();
  else response.req.pipe(onward);
}
