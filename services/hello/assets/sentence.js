// What is going on, in a sentence.

import { percent } from "./format.js";

/** The sentence as a list of strings, of `{ version }`, which is drawn with its mark, and of `{ figure }`. */
export function sentence({ versions, lost }) {
  if (versions.length === 0) return [lost ? "No version answers." : "Waiting for the first answer."];
  const parts = [versions.length === 1 ? "1 version: " : `${versions.length} versions: `];
  versions.forEach(({ version, share }, index) => {
    parts.push(index === 0 ? "" : ", ", { version }, index === 0 ? " answers " : " ", { figure: percent(share) });
  });
  const beside = lost ? ["; ", { figure: percent(lost.share) }, " reached no version"] : [];
  return [...parts, ...failures(versions), ...beside, "."];
}

function failures(versions) {
  const failing = versions.filter(({ errorRate }) => errorRate > 0);
  if (failing.length === 0) return [versions.length === 1 ? "; nothing fails" : "; none fails"];
  return failing.flatMap(({ version, errorRate }) => ["; ", { version }, " fails ", { figure: percent(errorRate) }]);
}
