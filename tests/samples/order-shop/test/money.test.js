import { test } from 'node:test';
import assert from 'node:assert/strict';
import { format, percentOf, subtotal } from '../src/money.js';

test('subtotal multiplies and adds', () => {
  assert.equal(subtotal([{ priceCents: 250, quantity: 2 }, { priceCents: 99, quantity: 1 }]), 599);
  assert.equal(subtotal([]), 0);
});

test('percentages are rounded half up', () => {
  assert.equal(percentOf(1250, 10), 125);
  assert.equal(percentOf(1255, 10), 126);
  assert.equal(percentOf(0, 10), 0);
});

test('amounts are shown with two digits', () => {
  assert.equal(format(1234), '12.34 EUR');
  assert.equal(format(5), '0.05 EUR');
  assert.equal(format(-250, 'NOK'), '-2.50 NOK');
});
