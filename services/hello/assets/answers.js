// The answers of the last minute, and what they come to.

/** The time that the page looks back, in milliseconds. */
export const WINDOW = 60_000;

const byVersion = new Intl.Collator("en", { numeric: true }).compare;

/**
 * The answers of the last minute, oldest first. An answer is
 * `{ time, version, replica, status, milliseconds, failed }`; `version` is null when no version answered.
 */
export class Answers {
  #list = [];

  add(answer) {
    this.#list.push(answer);
  }

  /** What is not older than the window at `now`; forgets the rest. */
  since(now) {
    const first = this.#list.findIndex((answer) => answer.time > now - WINDOW);
    if (first > 0) this.#list.splice(0, first);
    if (first < 0) this.#list = [];
    return this.#list;
  }

  /** The figures at `now`, a time since the clock began. */
  summary(now) {
    const answers = this.since(now);
    // Within the first second a rate would be a guess.
    const seconds = Math.min(Math.max(now, 1000), WINDOW) / 1000;
    const groups = Map.groupBy(answers, (answer) => answer.version);
    const describe = (version) => figures(version, groups.get(version), answers.length, seconds);
    const names = [...groups.keys()].filter((version) => version !== null).sort(byVersion);
    return { versions: names.map(describe), lost: groups.has(null) ? describe(null) : null };
  }
}

function figures(version, answers, total, seconds) {
  const times = answers.map((answer) => answer.milliseconds).sort((a, b) => a - b);
  const replicas = Map.groupBy(answers.filter((answer) => answer.replica), (answer) => answer.replica);
  return {
    version,
    share: answers.length / total,
    rate: answers.length / seconds,
    errorRate: answers.filter((answer) => answer.failed).length / answers.length,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    replicas: [...replicas].map(([name, of]) => ({ name, share: of.length / answers.length })).sort(bySize),
  };
}

function bySize(a, b) {
  return b.share - a.share || byVersion(a.name, b.name);
}

/** The smallest value that is not below a share `q` of all: a time that was really measured. */
function quantile(sorted, q) {
  return sorted[Math.max(Math.ceil(q * sorted.length) - 1, 0)];
}
