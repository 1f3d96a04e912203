// Every handler under its name, so that whoever serves them can wrap them all alike.
import * as catalog from './handlers/catalog.js';
import * as cart from './handlers/cart.js';
import * as checkout from './handlers/checkout.js';
import * as payment from './handlers/payment.js';
import * as reports from './handlers/reports.js';
import * as shipping from './handlers/shipping.js';

const MODULES = { catalog, cart, checkout, payment, reports, shipping };

/** `{ addToCart: fn, … }`; `wrap(fn, name, path)` may put something around each. */
export function handlers(wrap = (fn) => fn) {
  const found = {};
  for (const [file, module] of Object.entries(MODULES)) {
    for (const [name, fn] of Object.entries(module)) {
      found[name] = wrap(fn, name, `src/handlers/${file}.js`);
    }
  }
  return found;
}
