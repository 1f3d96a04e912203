// All amounts are integer cents. Floats are for display only.

/** Sum of price × quantity over the lines, in cents. */
export function subtotal(lines) {
  return lines.reduce((sum, line) => sum + line.priceCents * line.quantity, 0);
}

/** Part of an amount in percent, rounded half up to whole cents. */
export function percentOf(cents, percent) {
  return Math.floor((cents * percent) / 100 + 0.5);
}

/** `1234` → `"12.34 EUR"`. */
export function format(cents, currency = 'EUR') {
  const sign = cents < 0 ? '-' : '';
  const whole = Math.floor(Math.abs(cents) / 100);
  const rest = String(Math.abs(cents) % 100).padStart(2, '0');
  return `${sign}${whole}.${rest} ${currency}`;
}
