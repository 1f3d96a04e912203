import { randomUUID } from 'node:crypto';
import { orders } from '../store.js';
import { badRequest, conflict, notFound } from '../errors.js';
import { charge, refund } from '../gateway.js';

/** Charges the order's total; an order is charged once, however often this is called. */
export async function payOrder({ orderId, card }) {
  const order = orders.get(orderId);
  if (!order) {
    throw notFound(`no order ${orderId}`);
  }
  if (order.payment) {
    return { orderId, status: order.status, reference: order.payment.reference };
  }
  if (!/^\d{12,19}$/.test(card ?? '')) {
    throw badRequest('card must be 12 to 19 digits');
  }
  const receipt = await charge({ card, cents: order.totalCents, key: randomUUID() });
  order.payment = { reference: receipt.reference, cents: receipt.cents };
  order.status = 'paid';
  return { orderId, status: order.status, reference: receipt.reference };
}

/** What may be given back for an order that has not left the house. */
export function refundable({ orderId }) {
  const order = orders.get(orderId);
  if (!order) {
    throw notFound(`no order ${orderId}`);
  }
  if (order.status !== 'paid') {
    throw conflict(`order ${orderId} is ${order.status}, not paid`);
  }
  return { reference: order.payment.reference, paidCents: order.payment.cents };
}

/** Gives back all of a payment, or a part of it. */
export async function refundPayment({ reference, cents, paidCents }) {
  if (cents < 1 || cents > paidCents) {
    throw badRequest('a refund is at least one cent and at most what was paid');
  }
  if (cents === paidCents) {
    const whole = await refund({ reference, cents });
    return { reference: whole.reference, cents: whole.cents, lastDigits: whole.reference.slice(-4) };
  }
  const part = refund({ reference, cents });
  return { reference: part.reference, cents: part.cents, lastDigits: part.reference.slice(-4) };
}

/** Writes a refund into the order. */
export function bookRefund({ orderId, reference, cents }) {
  const order = orders.get(orderId);
  order.refundedCents = (order.refundedCents ?? 0) + cents;
  order.refund = reference;
  if (order.refundedCents >= order.payment.cents) {
    order.status = 'refunded';
  }
  return { orderId, status: order.status, refundedCents: order.refundedCents };
}
