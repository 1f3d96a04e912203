import { beforeEach, test } from 'node:test';
import assert from 'node:assert/strict';
import { addToCart, applyCoupon, cartTotals, couponDiscount, removeFromCart } from '../src/handlers/cart.js';
import { reset } from '../src/store.js';

beforeEach(reset);
const customerId = 'c-100';

test('adding a product twice makes one line', () => {
  addToCart({ customerId, productId: 'mug' });
  const cart = addToCart({ customerId, productId: 'mug', quantity: 2 });
  assert.deepEqual(cart.lines, [{ productId: 'mug', quantity: 3, priceCents: 1250 }]);
  assert.equal(cart.totalCents, 3750);
});

test('a quantity out of range is refused', () => {
  for (const quantity of [0, -1, 1.5, 51, '2']) {
    assert.throws(() => addToCart({ customerId, productId: 'mug', quantity }), { status: 400 });
  }
});

test('more than the stock is refused', () => {
  assert.throws(() => addToCart({ customerId, productId: 'poster' }), { status: 409, message: 'only 0 of poster left' });
});

test('removing what is not there changes nothing', () => {
  addToCart({ customerId, productId: 'pen' });
  assert.equal(removeFromCart({ customerId, productId: 'mug' }).lines.length, 1);
  assert.equal(removeFromCart({ customerId, productId: 'pen' }).lines.length, 0);
});

test('a coupon takes its percentage off', () => {
  assert.deepEqual(couponDiscount({ code: 'WELCOME10', subtotalCents: 2500 }), { code: 'WELCOME10', discountCents: 250 });
});

test('a coupon takes nothing off below its minimum', () => {
  assert.deepEqual(couponDiscount({ code: 'OFFICE15', subtotalCents: 4999 }), { code: 'OFFICE15', discountCents: 0 });
});

test('an unknown coupon is not found', () => {
  assert.throws(() => couponDiscount({ code: 'NOPE', subtotalCents: 1 }), { status: 404 });
  assert.throws(() => applyCoupon({ customerId, code: 'NOPE' }), { status: 404 });
});

test('the cart remembers its coupon', () => {
  addToCart({ customerId, productId: 'lamp' });
  applyCoupon({ customerId, code: 'OFFICE15' });
  const cart = cartTotals({ customerId });
  assert.equal(cart.discountCents, 1035);
  assert.equal(cart.totalCents, 5865);
});
