// Everything the shop remembers. In memory: production keeps the same shape in a database behind this module.

export const products = new Map(
  [
    { id: 'mug', name: 'Enamel mug', priceCents: 1250, weightGrams: 310, stock: 5000, tags: ['kitchen'] },
    { id: 'kettle', name: 'Whistling kettle', priceCents: 4900, weightGrams: 1450, stock: 2000, tags: ['kitchen'] },
    { id: 'lamp', name: 'Desk lamp', priceCents: 6900, weightGrams: 2100, stock: 1000, tags: ['office', 'light'] },
    { id: 'notebook', name: 'Dotted notebook', priceCents: 890, weightGrams: 240, stock: 9000, tags: ['office'] },
    { id: 'pen', name: 'Fountain pen', priceCents: 2400, weightGrams: 35, stock: 3000, tags: ['office'] },
    { id: 'poster', name: 'Botanical poster', priceCents: 1900, weightGrams: 180, stock: 0, tags: ['wall'] },
  ].map((product) => [product.id, product]),
);

export const customers = new Map(
  [
    {
      id: 'c-100',
      name: 'Ada Quist',
      email: 'ada@example.test',
      address: { street: 'Torvgata 4', city: 'Bergen', country: 'NO', postcode: '5003' },
      preferences: '{"gift_wrap":true,"newsletter":false}',
    },
    {
      id: 'c-101',
      name: 'Bo Lindqvist',
      email: 'bo@example.test',
      address: { street: 'Kungsgatan 12', city: 'Uppsala', country: 'SE', postcode: '75332' },
      preferences: '{"gift_wrap":false,"newsletter":true}',
    },
    {
      id: 'c-102',
      name: 'Chiara Neri',
      email: 'chiara@example.test',
      address: { street: 'Via Roma 8', city: 'Torino', country: 'IT', postcode: '10121' },
      preferences: '{}',
    },
  ].map((customer) => [customer.id, customer]),
);

export const carts = new Map();
export const orders = new Map();

export const coupons = new Map([
  ['WELCOME10', { code: 'WELCOME10', percent: 10, limits: { minimumCents: 2000 } }],
  ['OFFICE15', { code: 'OFFICE15', percent: 15, limits: { minimumCents: 5000 } }],
  // Made by the marketing tool, which leaves out what is not limited.
  ['FRIENDS5', { code: 'FRIENDS5', percent: 5 }],
]);

let lastOrder = 0;

/** The next order number, `o-1`, `o-2`, … */
export function nextOrderId() {
  lastOrder += 1;
  return `o-${lastOrder}`;
}

/** Back to an empty shop; tests call it before each case. */
export function reset() {
  carts.clear();
  orders.clear();
  lastOrder = 0;
}
