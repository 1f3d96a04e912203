import { test } from 'node:test';
import assert from 'node:assert/strict';
import { couponDiscount } from '../src/handlers/cart.js';

test('a coupon without limits has no minimum', () => {
  assert.deepEqual(couponDiscount({ code: 'FRIENDS5', subtotalCents: 1 }), { code: 'FRIENDS5', discountCents: 0 });
  assert.deepEqual(couponDiscount({ code: 'FRIENDS5', subtotalCents: 1000 }), { code: 'FRIENDS5', discountCents: 50 });
});
