import { carts, coupons, products } from '../store.js';
import { badRequest, conflict, notFound } from '../errors.js';
import { percentOf, subtotal } from '../money.js';

const MAX_QUANTITY = 50;

function cartOf(customerId) {
  let cart = carts.get(customerId);
  if (!cart) {
    cart = { customerId, lines: [], coupon: null };
    carts.set(customerId, cart);
  }
  return cart;
}

/** Puts a product into the customer's cart, or more of it. */
export function addToCart({ customerId, productId, quantity = 1 }) {
  const product = products.get(productId);
  if (!product) {
    throw notFound(`no product ${productId}`);
  }
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > MAX_QUANTITY) {
    throw badRequest(`quantity must be between 1 and ${MAX_QUANTITY}`);
  }
  const cart = cartOf(customerId);
  const line = cart.lines.find((candidate) => candidate.productId === productId);
  const wanted = (line?.quantity ?? 0) + quantity;
  if (wanted > product.stock) {
    throw conflict(`only ${product.stock} of ${productId} left`);
  }
  if (line) {
    line.quantity = wanted;
  } else {
    cart.lines.push({ productId, quantity, priceCents: product.priceCents });
  }
  return cartTotals({ customerId });
}

/** Takes a product out of the cart; taking out what is not in it changes nothing. */
export function removeFromCart({ customerId, productId }) {
  const cart = cartOf(customerId);
  cart.lines = cart.lines.filter((line) => line.productId !== productId);
  return cartTotals({ customerId });
}

/** What a coupon takes off a subtotal, in cents; nothing below the coupon's minimum. */
export function couponDiscount({ code, subtotalCents }) {
  const coupon = coupons.get(code);
  if (!coupon) {
    throw notFound(`no coupon ${code}`);
  }
  const minimum = coupon.limits.minimumCents ?? 0;
  if (subtotalCents < minimum) {
    return { code, discountCents: 0 };
  }
  return { code, discountCents: percentOf(subtotalCents, coupon.percent) };
}

/** Remembers a coupon for the cart. */
export function applyCoupon({ customerId, code }) {
  if (!coupons.has(code)) {
    throw notFound(`no coupon ${code}`);
  }
  cartOf(customerId).coupon = code;
  return cartTotals({ customerId });
}

/** The cart with its sums. */
export function cartTotals({ customerId }) {
  const cart = cartOf(customerId);
  const subtotalCents = subtotal(cart.lines);
  const discountCents = cart.coupon ? couponDiscount({ code: cart.coupon, subtotalCents }).discountCents : 0;
  return {
    customerId,
    lines: cart.lines.map((line) => ({ ...line })),
    coupon: cart.coupon,
    subtotalCents,
    discountCents,
    totalCents: subtotalCents - discountCents,
  };
}
