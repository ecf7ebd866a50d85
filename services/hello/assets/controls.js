// The settings: what the form shows, and the address's fragment, so that a setting can be linked to.

const ENDPOINTS = ["success", "work", "fail"];

/** Shows the settings of the address in the form, and calls `apply` with them now and whenever they change. */
export function bind(form, apply) {
  const show = () => {
    fill(form, new URLSearchParams(location.hash.slice(1)));
    applyForm(form, apply);
  };
  form.addEventListener("input", () => {
    history.replaceState(null, "", `#${new URLSearchParams(applyForm(form, apply))}`);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", show);
  show();
}

function fill(form, wanted) {
  const { endpoint, rate, fresh } = form.elements;
  if (ENDPOINTS.includes(wanted.get("endpoint"))) endpoint.value = wanted.get("endpoint");
  // The range keeps a number within its bounds by itself.
  if (Number(wanted.get("rate")) > 0) rate.value = wanted.get("rate");
  if (wanted.has("fresh")) fresh.checked = wanted.get("fresh") === "true";
}

function applyForm(form, apply) {
  const { endpoint, rate, fresh } = form.elements;
  const settings = { endpoint: endpoint.value, rate: rate.valueAsNumber, fresh: fresh.checked };
  form.querySelector("output").value = settings.rate === 1 ? "1 request/s" : `${settings.rate} requests/s`;
  apply(settings);
  return settings;
}
