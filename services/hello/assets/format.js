// Numbers as people read them: as many digits as mean something, and never a 0 or a 100 that is not one.

/** A share from 0 to 1 in per cent. */
export function percent(share) {
  if (share === 0) return "0 %";
  if (share >= 1) return "100 %";
  if (share < 0.001) return "<0.1 %";
  if (share > 0.999) return ">99.9 %";
  const text = share < 0.1 || share > 0.99 ? (share * 100).toFixed(1).replace(/\.0$/, "") : Math.round(share * 100);
  return `${text} %`;
}

/** A time in milliseconds. */
export function duration(milliseconds) {
  if (milliseconds >= 999.5) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds >= 9.95 ? Math.round(milliseconds) : milliseconds.toFixed(1)} ms`;
}

/** Events a second. */
export function perSecond(rate) {
  return rate >= 9.95 ? String(Math.round(rate)) : rate.toFixed(1);
}
