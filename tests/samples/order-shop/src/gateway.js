// The card processor. This one answers from memory after a moment, as the processor's own test mode does.
import { setTimeout as pause } from 'node:timers/promises';
import { HttpError } from './errors.js';

const DECLINED = '4000000000000002';
let counter = 0;

/** Takes money; a declined card is an `HttpError` 402. */
export async function charge({ card, cents, key }) {
  await pause(1);
  if (card === DECLINED) {
    throw new HttpError(402, 'card declined');
  }
  counter += 1;
  return { reference: `ch_${String(counter).padStart(6, '0')}`, cents, key };
}

/** Gives money back. */
export async function refund({ reference, cents }) {
  await pause(1);
  return { reference: reference.replace('ch_', 're_'), cents };
}
