import { test } from 'node:test';
import assert from 'node:assert/strict';
import { getProduct, listProducts, searchProducts } from '../src/handlers/catalog.js';

test('products of a tag come cheapest first', () => {
  const { total, items } = listProducts({ tag: 'office' });
  assert.equal(total, 3);
  assert.deepEqual(items.map((item) => item.id), ['notebook', 'pen', 'lamp']);
});

test('a page that is no number is refused', () => {
  assert.throws(() => listProducts({ page: Number.NaN }), { status: 400 });
});

test('a product without stock is shown as not available', () => {
  assert.equal(getProduct({ productId: 'poster' }).available, false);
});

test('an unknown product is not found', () => {
  assert.throws(() => getProduct({ productId: 'teapot' }), { name: 'HttpError', status: 404, message: 'no product teapot' });
});

test('search wants every word', () => {
  assert.deepEqual(searchProducts({ query: 'desk LAMP' }).items.map((item) => item.id), ['lamp']);
  assert.deepEqual(searchProducts({ query: 'desk mug' }).items, []);
  assert.deepEqual(searchProducts().items, []);
});
