import { products } from '../store.js';
import { badRequest, notFound } from '../errors.js';
import { format } from '../money.js';

const PAGE_SIZE = 20;

function view(product) {
  return {
    id: product.id,
    name: product.name,
    price: format(product.priceCents),
    priceCents: product.priceCents,
    available: product.stock > 0,
    tags: product.tags,
  };
}

/** Products of a tag (or all), one page at a time, cheapest first. */
export function listProducts({ tag, page = 1 } = {}) {
  if (!Number.isInteger(page) || page < 1) {
    throw badRequest('page must be a positive whole number');
  }
  const found = [...products.values()]
    .filter((product) => tag === undefined || product.tags.includes(tag))
    .sort((a, b) => a.priceCents - b.priceCents);
  const start = (page - 1) * PAGE_SIZE;
  return { total: found.length, page, items: found.slice(start, start + PAGE_SIZE).map(view) };
}

/** One product by its id. */
export function getProduct({ productId }) {
  const product = products.get(productId);
  if (!product) {
    throw notFound(`no product ${productId}`);
  }
  return view(product);
}

/** Products whose name contains every word of the query. */
export function searchProducts({ query = '' } = {}) {
  const words = [];
  for (const word of query.toLowerCase().split(/\s+/)) {
    if (word && !words.includes(word)) {
      words.push(word);
    }
  }
  if (words.length === 0) {
    return { items: [] };
  }
  const items = [...products.values()]
    .filter((product) => words.every((word) => product.name.toLowerCase().includes(word)))
    .map(view);
  return { items };
}
