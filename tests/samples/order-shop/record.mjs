// Records what the shop's telemetry looks like: a local OTLP/HTTP receiver, the real shop with the real SDK, and bounded
// traffic. `node record.mjs healthy` writes recordings/healthy.jsonl.gz, and with `faulty` it writes that of the same
// name, one export request a line, as the OpenTelemetry Collector's file exporter does. The faulty window is the release's:
// copy release/ over the shop before. Needs `npm ci` first. Ends by itself; gives up after a minute a window.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const SESSIONS = 110;
const WINDOW_MILLIS = 60_000;
const MAX_BODY = 16 * 1024 * 1024;
const OUT = new URL('recordings/', import.meta.url);

// The Collector re-encodes what it gets: 64-bit integers as strings, no zero counts, no empty lists, no unset status.
function asCollector(key, value) {
  if (key === 'intValue') return String(value);
  if (/^dropped\w+Count$/.test(key) && value === 0) return undefined;
  if (Array.isArray(value) && value.length === 0) return undefined;
  if (key === 'status' && value.code === 0) return {};
  return value;
}

async function receiver() {
  const lines = [];
  const server = createServer(async (request, response) => {
    const parts = [];
    let size = 0;
    for await (const part of request) {
      size += part.length;
      if (size > MAX_BODY) return request.destroy();
      parts.push(part);
    }
    lines.push(JSON.stringify(JSON.parse(Buffer.concat(parts).toString('utf8')), asCollector));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{"partialSuccess":{}}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { lines, server, endpoint: `http://127.0.0.1:${server.address().port}` };
}

// A small seeded generator, so that two recordings see the same traffic.
function random(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const PRODUCTS = ['mug', 'kettle', 'lamp', 'notebook', 'pen'];
const CUSTOMERS = ['c-100', 'c-101', 'c-102'];
const CARD = '4242424242424242';
// What people paste from a wish list into the search box.
const WISHES = Array.from({ length: 800 }, (_, index) => `w${index}`).join(' ');

async function session(ask, pick, number, faulty) {
  const customer = CUSTOMERS[number % CUSTOMERS.length];
  const query = faulty ? WISHES : 'desk';
  await ask('GET', number % 2 ? '/products?tag=office' : `/search?query=${encodeURIComponent(query)}`);
  const product = PRODUCTS[pick(PRODUCTS.length)];
  await ask('GET', `/products/${product}`);
  await ask('POST', `/carts/${customer}/lines`, { productId: product, quantity: 1 + pick(3) });
  if (number % 4 === 0) await ask('POST', `/carts/${customer}/lines`, { productId: 'kettle', quantity: 1 });
  if (number % 9 === 0) await ask('GET', '/products/teapot');
  if (number % 11 === 0) await ask('POST', `/carts/${customer}/lines`, { productId: 'poster', quantity: 1 });
  if (number % 5 === 0) await ask('POST', `/carts/${customer}/coupon`, { code: pick(2) ? 'WELCOME10' : 'OFFICE15' });
  if (faulty && number % 6 === 1) await ask('POST', `/carts/${customer}/coupon`, { code: 'FRIENDS5' });
  const damaged = number % 2 ? '{"gift_wrap":tr' : '';
  const preferences = faulty && number % 7 === 2 ? damaged : undefined;
  const express = faulty && number % 4 === 0 ? true : undefined;
  const { orderId } = await ask('POST', '/checkout', { customerId: customer, card: CARD, preferences, express });
  await ask('GET', `/orders/${orderId}`);
  if (number % 8 === 3) {
    await ask('POST', `/orders/${orderId}/refund`, faulty && number % 16 === 3 ? { cents: 100 } : {});
  } else {
    await ask('POST', `/orders/${orderId}/ship`);
  }
  if (faulty && number % 5 === 2) {
    const soldPerDay = number % 10 === 2 ? [pick(4), 2 + pick(4), 1] : [0, 0];
    await ask('POST', '/reports/discount-preview', { soldPerDay, priceCents: 1250, percent: number % 25 === 2 ? 95 : 10 + pick(3) * 5 });
  }
  if (number % 20 === 0) {
    for (const report of ['sales', 'best-sellers', 'low-stock']) await ask('GET', `/reports/${report}`);
  }
}

async function record(name, seed, faulty) {
  const { lines, server, endpoint } = await receiver();
  const shop = spawn(process.execPath, [fileURLToPath(new URL('src/main.js', import.meta.url))], {
    env: { PATH: process.env.PATH, PORT: '0', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const tooLong = setTimeout(() => shop.kill('SIGKILL'), WINDOW_MILLIS);
  const ended = once(shop, 'exit');
  try {
    const [greeting] = await Promise.race([
      once(createInterface({ input: shop.stdout }), 'line'),
      ended.then(() => Promise.reject(new Error('the shop ended before it listened; was `npm ci` run?'))),
    ]);
    const base = `http://127.0.0.1:${greeting.match(/\d+$/)[0]}`;
    const count = {};
    const ask = async (method, path, body) => {
      const answer = await fetch(base + path, {
        method,
        headers: { connection: 'close' },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      count[answer.status] = (count[answer.status] ?? 0) + 1;
      return answer.json();
    };
    const pick = random(seed);
    for (let number = 0; number < SESSIONS; number += 1) await session(ask, pick, number, faulty);
    shop.kill('SIGTERM');
    const [code] = await ended;
    if (code !== 0) throw new Error(`the shop ended with ${code}`);
    const bytes = gzipSync(`${lines.join('\n')}\n`, { level: 9 });
    mkdirSync(OUT, { recursive: true });
    writeFileSync(new URL(`${name}.jsonl.gz`, OUT), bytes);
    console.log(name, 'answers', count, 'lines', lines.length, 'bytes', bytes.length);
  } finally {
    clearTimeout(tooLong);
    shop.kill('SIGKILL');
    server.close();
    server.closeAllConnections();
  }
}

const WINDOWS = { healthy: [7, false], faulty: [11, true] };
for (const name of process.argv.slice(2)) await record(name, ...WINDOWS[name]);
