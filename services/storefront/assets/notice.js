// What the page has to say: short reports of what was done, and the outage of the API, which stays until it is over.

import { ask } from "./api.js";

// As often as somebody who looks at the page would try again.
const CHECK_EVERY = 5_000;
const REPORT_FOR = 6_000;

const element = (id) => document.getElementById(id);
let clearing;

/** Says what was done, for a while. */
export function report(text) {
  element("status").textContent = text;
  clearTimeout(clearing);
  clearing = setTimeout(() => (element("status").textContent = ""), REPORT_FOR);
}

/** Shows that the API is in trouble, and with whom the trouble is. */
export function showOutage({ status, message, body }) {
  const titles = { null: "This shop cannot be reached.", 503: "The product API is not ready." };
  element("outage-title").textContent = titles[status] ?? "The product API cannot be reached.";
  const reason = status === 503 ? `${sentence(body.reason ?? message)} ` : "";
  element("outage-detail").textContent = `${reason}What you see may be out of date. This page tries again by itself.`;
  element("outage").hidden = false;
}

/** Asks every few seconds, while somebody looks, whether the API is ready, and calls `recovered` once it is again. */
export function watch(recovered) {
  const check = async () => {
    if (document.hidden) return;
    try {
      await ask("GET", "ready");
      if (element("outage").hidden) return;
      await recovered();
      element("outage").hidden = true;
    } catch (problem) {
      showOutage(problem);
    }
  };
  setInterval(check, CHECK_EVERY);
  document.addEventListener("visibilitychange", check);
}

/** With a capital and a full stop. */
export function sentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
