import { orders, products } from '../store.js';
import { badRequest } from '../errors.js';
import { format } from '../money.js';

const EARNED = new Set(['paid', 'shipped']);

/** Orders and revenue by status. */
export function salesReport() {
  const byStatus = {};
  let revenueCents = 0;
  for (const order of orders.values()) {
    byStatus[order.status] = (byStatus[order.status] ?? 0) + 1;
    if (EARNED.has(order.status)) {
      revenueCents += order.totalCents;
    }
  }
  return { byStatus, revenueCents, revenue: format(revenueCents) };
}

/** The products sold most, by pieces. */
export function bestSellers({ limit = 3 } = {}) {
  if (!Number.isInteger(limit) || limit < 1) {
    throw badRequest('limit must be a positive whole number');
  }
  const pieces = new Map();
  for (const order of orders.values()) {
    for (const line of order.lines) {
      pieces.set(line.productId, (pieces.get(line.productId) ?? 0) + line.quantity);
    }
  }
  const items = [...pieces]
    .sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))
    .slice(0, limit)
    .map(([productId, sold]) => ({ productId, sold }));
  return { items };
}

/** Products whose stock is at or under a level. */
export function lowStock({ level = 10 } = {}) {
  const items = [...products.values()]
    .filter((product) => product.stock <= level)
    .map((product) => ({ productId: product.id, stock: product.stock }));
  return { items };
}
