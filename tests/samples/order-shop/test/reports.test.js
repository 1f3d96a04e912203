import { beforeEach, test } from 'node:test';
import assert from 'node:assert/strict';
import { addToCart } from '../src/handlers/cart.js';
import { placeOrder } from '../src/handlers/checkout.js';
import { payOrder } from '../src/handlers/payment.js';
import { bestSellers, lowStock, salesReport } from '../src/handlers/reports.js';
import { products, reset } from '../src/store.js';

beforeEach(reset);

function ordered(customerId, productId, quantity) {
  addToCart({ customerId, productId, quantity });
  return placeOrder({ customerId, shippingCents: 690 });
}

test('only what is paid is revenue', async () => {
  const { orderId } = ordered('c-100', 'notebook', 2);
  ordered('c-101', 'pen', 1);
  await payOrder({ orderId, card: '4242424242424242' });
  assert.deepEqual(await salesReport(), { byStatus: { paid: 1, placed: 1 }, revenueCents: 2470, revenue: '24.70 EUR' });
});

test('best sellers come by pieces, then by name', () => {
  ordered('c-100', 'pen', 2);
  ordered('c-101', 'mug', 2);
  ordered('c-102', 'notebook', 3);
  assert.deepEqual(bestSellers({ limit: 2 }).items, [{ productId: 'notebook', sold: 3 }, { productId: 'mug', sold: 2 }]);
  assert.throws(() => bestSellers({ limit: 0 }), { status: 400 });
});

test('stock at the level is low, too', () => {
  const level = products.get('lamp').stock;
  assert.ok(lowStock({ level }).items.some((item) => item.productId === 'lamp'));
  assert.deepEqual(lowStock({ level: 0 }).items, [{ productId: 'poster', stock: 0 }]);
});
