import { orders, products } from '../store.js';
import { badRequest } from '../errors.js';
import { format, percentOf } from '../money.js';

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

/** What a discount would cost over the last days' sales, and from how many pieces more it pays. */
export function discountPreview({ soldPerDay, priceCents, percent }) {
  if (percent < 1 || percent > 90) {
    throw badRequest('percent must be between 1 and 90');
  }
  const pieces = soldPerDay.reduce((sum, sold) => sum + sold, 0);
  const costCents = percentOf(pieces * priceCents, percent);
  if (pieces === 0) {
    return { pieces, costCents, extraPieces: null };
  }
  const newPriceCents = priceCents - percentOf(priceCents, percent);
  return { pieces, costCents, extraPieces: Math.ceil(costCents / newPriceCents) };
}

/** Products whose stock is at or under a level. */
export function lowStock({ level = 10 } = {}) {
  const items = [...products.values()]
    .filter((product) => product.stock <= level)
    .map((product) => ({ productId: product.id, stock: product.stock }));
  return { items };
}
