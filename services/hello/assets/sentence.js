// What is going on, in a sentence.

import { percent } from "./format.js";

/** The sentence as a list of strings and of `{ version }`, which the page draws with the version's mark. */
export function sentence({ versions, lost }) {
  if (versions.length === 0) return [lost ? "No version answers." : "Waiting for the first answer."];
  const parts = [versions.length === 1 ? "1 version: " : `${versions.length} versions: `];
  versions.forEach(({ version, share }, index) => {
    parts.push(index === 0 ? "" : ", ", { version }, `${index === 0 ? " answers" : ""} ${percent(share)}`);
  });
  return [...parts, ...failures(versions), ...(lost ? [`; ${percent(lost.share)} reached no version`] : []), "."];
}

function failures(versions) {
  const failing = versions.filter(({ errorRate }) => errorRate > 0);
  if (failing.length === 0) return [versions.length === 1 ? "; nothing fails" : "; none fails"];
  return failing.flatMap(({ version, errorRate }) => ["; ", { version }, ` fails ${percent(errorRate)}`]);
}
