import { customers, orders, products } from '../store.js';
import { badRequest, conflict, notFound } from '../errors.js';

// Country → zone → cents up to 1 kg and cents for each further started kg.
const ZONES = { NO: 'nordic', SE: 'nordic', DK: 'nordic', FI: 'nordic', IT: 'europe', DE: 'europe', FR: 'europe' };
const RATES = { nordic: { first: 690, further: 210 }, europe: { first: 1190, further: 340 }, world: { first: 2490, further: 900 } };

const COURIER_CENTS = 1900;

const gramsOf = (line) => products.get(line.productId).weightGrams * line.quantity;

/** What it costs to send these lines to a country; by courier the heaviest line pays for all. */
export function shippingQuote({ lines, country, express = false }) {
  if (lines.length === 0) {
    throw badRequest('nothing to ship');
  }
  if (express) {
    const [heaviest] = lines.sort((a, b) => gramsOf(b) - gramsOf(a));
    return { zone: 'courier', grams: gramsOf(heaviest), cents: COURIER_CENTS + Math.ceil(gramsOf(heaviest) / 1000) * 500 };
  }
  const grams = lines.reduce((sum, line) => sum + gramsOf(line), 0);
  const zone = ZONES[country] ?? 'world';
  const rate = RATES[zone];
  const further = Math.max(0, Math.ceil(grams / 1000) - 1);
  return { zone, grams, cents: rate.first + further * rate.further };
}

/** What the packers must know: where to, what, and the customer's wishes. */
export function packingSlip({ orderId, wrapped = false }) {
  const order = orders.get(orderId);
  if (!order) {
    throw notFound(`no order ${orderId}`);
  }
  const customer = customers.get(order.customerId);
  return {
    orderId,
    to: [customer.name, customer.address.street, `${customer.address.postcode} ${customer.address.city}`],
    items: order.lines.map((line) => `${line.quantity} × ${line.productId}`),
    giftWrap: wrapped,
  };
}

/** The wishes saved with an order, as the account page wrote them. */
export function orderPreferences({ orderId }) {
  const order = orders.get(orderId);
  if (!order) {
    throw notFound(`no order ${orderId}`);
  }
  return { preferences: order.preferences };
}

/** Whether the customer wants gift wrap; `preferences` is the JSON text the account page saved. */
export function giftWrap({ preferences }) {
  const wishes = JSON.parse(preferences);
  return wishes.gift_wrap === true;
}

/** Hands a paid order to the carrier. */
export function shipOrder({ orderId }) {
  const order = orders.get(orderId);
  if (!order) {
    throw notFound(`no order ${orderId}`);
  }
  if (order.status !== 'paid') {
    throw conflict(`order ${orderId} is ${order.status}, not paid`);
  }
  order.status = 'shipped';
  order.tracking = `TRK${orderId.slice(2).padStart(8, '0')}`;
  return { orderId, status: order.status, tracking: order.tracking };
}
