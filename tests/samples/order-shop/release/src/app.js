// Routes: what comes in over HTTP, and which handlers it runs in which order.
import { createServer } from 'node:http';
import { badRequest, HttpError } from './errors.js';
import { handlers } from './registry.js';
import { silent } from './telemetry.js';

const MAX_BODY = 64 * 1024;

async function readBody(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > MAX_BODY) {
      throw new HttpError(413, 'body too large');
    }
    parts.push(part);
  }
  if (size === 0) {
    return {};
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    throw badRequest('the body is not JSON');
  }
}

/** `[method, route, run(input)]`; `:name` in a route becomes `input.name`. */
function routes(call) {
  return [
    ['GET', '/products', ({ tag, page }) => call.listProducts({ tag, page: page === undefined ? 1 : Number(page) })],
    ['GET', '/products/:productId', ({ productId }) => call.getProduct({ productId })],
    ['GET', '/search', ({ query }) => call.searchProducts({ query })],
    ['GET', '/carts/:customerId', ({ customerId }) => call.cartTotals({ customerId })],
    ['POST', '/carts/:customerId/lines', ({ customerId, productId, quantity }) => call.addToCart({ customerId, productId, quantity })],
    ['DELETE', '/carts/:customerId/lines/:productId', ({ customerId, productId }) => call.removeFromCart({ customerId, productId })],
    ['POST', '/carts/:customerId/coupon', (input) => redeem(call, input)],
    ['POST', '/checkout', (input) => checkout(call, input)],
    ['GET', '/orders/:orderId', ({ orderId }) => call.getOrder({ orderId })],
    ['POST', '/orders/:orderId/refund', (input) => refund(call, input)],
    ['POST', '/orders/:orderId/ship', (input) => ship(call, input)],
    ['GET', '/reports/sales', () => call.salesReport()],
    ['GET', '/reports/best-sellers', ({ limit }) => call.bestSellers({ limit: limit === undefined ? 3 : Number(limit) })],
    ['POST', '/reports/discount-preview', ({ soldPerDay, priceCents, percent }) => call.discountPreview({ soldPerDay, priceCents, percent })],
    ['GET', '/reports/low-stock', ({ level }) => call.lowStock({ level: level === undefined ? 10 : Number(level) })],
  ];
}

async function redeem(call, { customerId, code }) {
  const { subtotalCents } = await call.cartTotals({ customerId });
  await call.couponDiscount({ code, subtotalCents });
  return call.applyCoupon({ customerId, code });
}

// The order of these calls is documented in docs/sequences/checkout.yaml.
async function checkout(call, { customerId, card, preferences, express }) {
  const { lines } = await call.cartTotals({ customerId });
  const { country } = await call.deliveryCountry({ customerId });
  const quote = await call.shippingQuote({ lines, country, express });
  let order;
  if (preferences !== undefined) {
    order = await call.placeOrder({ customerId, shippingCents: quote.cents, preferences });
    await call.reserveStock({ lines });
  } else {
    await call.reserveStock({ lines });
    order = await call.placeOrder({ customerId, shippingCents: quote.cents });
  }
  const paid = await call.payOrder({ orderId: order.orderId, card });
  return { ...order, ...paid };
}

async function refund(call, { orderId, cents }) {
  const { reference, paidCents } = await call.refundable({ orderId });
  const receipt = await call.refundPayment({ reference, cents: cents ?? paidCents, paidCents });
  return call.bookRefund({ orderId, reference: receipt.reference, cents: receipt.cents });
}

async function ship(call, { orderId }) {
  const { preferences } = await call.orderPreferences({ orderId });
  const wrapped = await call.giftWrap({ preferences });
  const slip = await call.packingSlip({ orderId, wrapped });
  return { ...(await call.shipOrder({ orderId })), slip };
}

function compile([method, route, run]) {
  const pattern = new RegExp(`^${route.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`);
  return { method, route, run, pattern };
}

/** The shop as an HTTP server that does not listen yet. */
export function createShop(telemetry = silent) {
  const table = routes(handlers(telemetry.wrap)).map(compile);

  return createServer(async (request, response) => {
    const url = new URL(request.url, 'http://shop.invalid');
    const found = table.find(({ method, pattern }) => method === request.method && pattern.test(url.pathname));
    await telemetry.request(request.method, found?.route ?? 'unknown', async (report) => {
      let status = 200;
      let body;
      try {
        if (!found) {
          throw new HttpError(404, 'no such page');
        }
        const input = {
          ...Object.fromEntries(url.searchParams),
          ...(await readBody(request)),
          ...found.pattern.exec(url.pathname).groups,
        };
        body = await found.run(input);
      } catch (error) {
        status = error instanceof HttpError ? error.status : 500;
        body = { error: error instanceof HttpError ? error.message : 'something went wrong on our side' };
      }
      report(status);
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  });
}
