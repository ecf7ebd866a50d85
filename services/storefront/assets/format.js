// Values as people read and write them.

const MONEY = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const COUNT = new Intl.NumberFormat("en");

/** A price, with two decimals. */
export const money = (price) => MONEY.format(price);

/** A number of pieces. */
export const count = (number) => COUNT.format(number);

/** A time in milliseconds. */
export const duration = (milliseconds) => `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;

/** What was typed as a number; what is none stays text, for the API to say what is wrong with it. */
export function number(text) {
  const plain = text.trim().replace(",", ".");
  return /^[+-]?\d+(\.\d+)?$/.test(plain) ? Number(plain) : text;
}
