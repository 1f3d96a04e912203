import { beforeEach, test } from 'node:test';
import assert from 'node:assert/strict';
import { addToCart } from '../src/handlers/cart.js';
import { placeOrder } from '../src/handlers/checkout.js';
import { payOrder, refundPayment } from '../src/handlers/payment.js';
import { reset } from '../src/store.js';

beforeEach(reset);

test('a part of a payment is given back', async () => {
  addToCart({ customerId: 'c-101', productId: 'notebook', quantity: 2 });
  const { orderId, totalCents } = placeOrder({ customerId: 'c-101', shippingCents: 690 });
  const { reference } = await payOrder({ orderId, card: '4242424242424242' });
  const part = await refundPayment({ reference, cents: 100, paidCents: totalCents });
  assert.equal(part.cents, 100);
  assert.match(part.reference, /./);
  assert.equal(part.lastDigits, part.reference.slice(-4));
});
