import { test } from 'node:test';
import assert from 'node:assert/strict';
import { giftWrap } from '../src/handlers/shipping.js';

// Refusing them and taking them for "no wishes" are both right; breaking is not.
test('damaged preferences break nothing', () => {
  for (const preferences of ['', '{"gift_wrap":tr', '{']) {
    try {
      assert.equal(giftWrap({ preferences }), false);
    } catch (error) {
      assert.equal(error.status, 400, String(error));
    }
  }
});

test('readable ones are read', () => {
  assert.equal(giftWrap({ preferences: '{"gift_wrap":true}' }), true);
  assert.equal(giftWrap({ preferences: '{}' }), false);
});
