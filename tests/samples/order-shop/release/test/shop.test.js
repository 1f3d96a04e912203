import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { createShop } from '../src/app.js';
import { handlers } from '../src/registry.js';
import { reset } from '../src/store.js';

// Drives createShop without a socket, so that it also runs where there is no network at all.
function ask(shop, method, url, body) {
  return new Promise((resolve) => {
    const request = {
      method,
      url,
      async *[Symbol.asyncIterator]() {
        if (body !== undefined) yield Buffer.from(body);
      },
    };
    let status;
    const response = {
      writeHead: (code) => { status = code; },
      end: (text) => resolve({ status, body: JSON.parse(text) }),
    };
    shop.emit('request', request, response);
  });
}

let shop;
before(() => { reset(); shop = createShop(); });
after(reset);

test('a customer buys and gets a parcel', async () => {
  await ask(shop, 'POST', '/carts/c-100/lines', '{"productId":"mug","quantity":2}');
  const bought = await ask(shop, 'POST', '/checkout', '{"customerId":"c-100","card":"4242424242424242"}');
  assert.equal(bought.status, 200);
  assert.equal(bought.body.status, 'paid');
  const sent = await ask(shop, 'POST', `/orders/${bought.body.orderId}/ship`);
  assert.equal(sent.body.tracking, 'TRK00000001');
  assert.deepEqual(sent.body.slip.items, ['2 × mug']);
});

test('wishes come with the order', async () => {
  await ask(shop, 'POST', '/carts/c-101/lines', '{"productId":"pen","quantity":1}');
  const wishes = JSON.stringify({ customerId: 'c-101', card: '4242424242424242', preferences: '{"gift_wrap":true}' });
  const bought = await ask(shop, 'POST', '/checkout', wishes);
  assert.equal(bought.body.status, 'paid');
});

test('a body that is not JSON is refused', async () => {
  const answer = await ask(shop, 'POST', '/checkout', '{"customerId":');
  assert.deepEqual(answer, { status: 400, body: { error: 'the body is not JSON' } });
});

test('an unknown page is not found', async () => {
  assert.equal((await ask(shop, 'GET', '/nowhere')).status, 404);
});

test('every handler can be wrapped', () => {
  const seen = [];
  handlers((fn, name, path) => { seen.push(`${path} ${name}`); return fn; });
  assert.ok(seen.includes('src/handlers/cart.js couponDiscount'));
  assert.ok(seen.length >= 20);
});
