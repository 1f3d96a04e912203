import { beforeEach, test } from 'node:test';
import assert from 'node:assert/strict';
import { addToCart } from '../src/handlers/cart.js';
import { deliveryCountry, getOrder, placeOrder, reserveStock } from '../src/handlers/checkout.js';
import { payOrder, refundPayment } from '../src/handlers/payment.js';
import { shippingQuote } from '../src/handlers/shipping.js';
import { products, reset } from '../src/store.js';

beforeEach(reset);
const customerId = 'c-101';
const card = '4242424242424242';

function placed() {
  addToCart({ customerId, productId: 'notebook', quantity: 2 });
  return placeOrder({ customerId, shippingCents: 690 });
}

test('an order costs its cart and its shipping', () => {
  assert.deepEqual(placed(), { orderId: 'o-1', totalCents: 2470, status: 'placed' });
});

test('an empty cart is refused', () => {
  assert.throws(() => placeOrder({ customerId, shippingCents: 0 }), { status: 400, message: 'the cart is empty' });
});

test('stock goes down only when every line can be delivered', () => {
  const before = products.get('mug').stock;
  const lines = [{ productId: 'mug', quantity: 1 }, { productId: 'poster', quantity: 1 }];
  assert.throws(() => reserveStock({ lines }), { status: 409 });
  assert.equal(products.get('mug').stock, before);
  reserveStock({ lines: lines.slice(0, 1) });
  assert.equal(products.get('mug').stock, before - 1);
});

test('parcels go to the country of the customer', () => {
  assert.deepEqual(deliveryCountry({ customerId }), { country: 'SE' });
  assert.throws(() => deliveryCountry({ customerId: 'c-999' }), { status: 404 });
});

test('shipping is counted by started kilograms', () => {
  assert.equal(shippingQuote({ lines: [{ productId: 'pen', quantity: 1 }], country: 'NO' }).cents, 690);
  assert.equal(shippingQuote({ lines: [{ productId: 'lamp', quantity: 1 }], country: 'IT' }).cents, 1870);
  assert.equal(shippingQuote({ lines: [{ productId: 'pen', quantity: 1 }], country: 'NZ' }).zone, 'world');
  assert.throws(() => shippingQuote({ lines: [], country: 'NO' }), { status: 400 });
});

test('paying twice charges once', async () => {
  const { orderId } = placed();
  const first = await payOrder({ orderId, card });
  const second = await payOrder({ orderId, card });
  assert.equal(first.status, 'paid');
  assert.equal(second.reference, first.reference);
  assert.equal(getOrder({ orderId }).status, 'paid');
});

test('a declined card leaves the order unpaid', async () => {
  const { orderId } = placed();
  await assert.rejects(payOrder({ orderId, card: '4000000000000002' }), { status: 402 });
  await assert.rejects(payOrder({ orderId, card: 'x' }), { status: 400 });
  assert.equal(getOrder({ orderId }).status, 'placed');
});

test('a whole payment can be given back', async () => {
  const receipt = await refundPayment({ reference: 'ch_000123', cents: 500, paidCents: 500 });
  assert.deepEqual(receipt, { reference: 're_000123', cents: 500, lastDigits: '0123' });
});

test('more than was paid is not given back', async () => {
  await assert.rejects(refundPayment({ reference: 'ch_000123', cents: 501, paidCents: 500 }), { status: 400 });
});
