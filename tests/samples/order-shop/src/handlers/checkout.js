import { carts, customers, nextOrderId, orders, products } from '../store.js';
import { badRequest, conflict, notFound } from '../errors.js';
import { cartTotals } from './cart.js';

/** Checks that every line of the cart can be delivered and takes it out of stock. */
export function reserveStock({ lines }) {
  for (const line of lines) {
    const product = products.get(line.productId);
    if (product.stock < line.quantity) {
      throw conflict(`only ${product.stock} of ${line.productId} left`);
    }
  }
  for (const line of lines) {
    products.get(line.productId).stock -= line.quantity;
  }
  return { reserved: lines.length };
}

/** Where the customer's parcels go. */
export function deliveryCountry({ customerId }) {
  const customer = customers.get(customerId);
  if (!customer) {
    throw notFound(`no customer ${customerId}`);
  }
  return { country: customer.address.country };
}

/** Turns the cart into an order waiting for payment. See docs/sequences/checkout.yaml. */
export function placeOrder({ customerId, shippingCents, preferences }) {
  const customer = customers.get(customerId);
  if (!customer) {
    throw notFound(`no customer ${customerId}`);
  }
  const cart = cartTotals({ customerId });
  if (cart.lines.length === 0) {
    throw badRequest('the cart is empty');
  }
  const order = {
    id: nextOrderId(),
    customerId,
    lines: cart.lines,
    preferences: preferences ?? customer.preferences,
    subtotalCents: cart.subtotalCents,
    discountCents: cart.discountCents,
    shippingCents,
    totalCents: cart.totalCents + shippingCents,
    status: 'placed',
  };
  orders.set(order.id, order);
  carts.delete(customerId);
  return { orderId: order.id, totalCents: order.totalCents, status: order.status };
}

/** One order as its customer sees it. */
export function getOrder({ orderId }) {
  const order = orders.get(orderId);
  if (!order) {
    throw notFound(`no order ${orderId}`);
  }
  return {
    orderId: order.id,
    status: order.status,
    totalCents: order.totalCents,
    tracking: order.tracking ?? null,
  };
}
