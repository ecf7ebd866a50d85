// The live traffic page: sends, keeps the last minute, and shows it.

import { Answers } from "./answers.js";
import { Chart } from "./chart.js";
import { Clock } from "./clock.js";
import { bind } from "./controls.js";
import { duration, percent } from "./format.js";
import { label, Looks } from "./marks.js";
import { Sender } from "./sender.js";
import { sentence } from "./sentence.js";
import { Table } from "./table.js";

// Figures that change more often cannot be read.
const FIGURES_EVERY = 500;
// A screen reader needs some time to say the sentence.
const ANNOUNCE_EVERY = 15_000;

const element = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)");

const clock = new Clock();
const answers = new Answers();
const looks = new Looks();
const table = new Table(element("versions"), looks);
const chart = new Chart(element("chart"), looks, draw);
const sender = new Sender((answer) => {
  last = answer;
  answers.add({ ...answer, time: clock.now() });
});
let last = null;
let paused = false;
let figuresAt = -Infinity;
let announcedAt = -Infinity;

function draw() {
  chart.draw(answers.since(clock.now()), clock.now());
}

function showFigures() {
  const now = clock.now();
  const summary = answers.summary(now);
  looks.keepOnly(summary.versions.map(({ version }) => version));
  showSentence(sentence(summary));
  if (now - announcedAt > ANNOUNCE_EVERY && summary.versions.length > 0) {
    announcedAt = now;
    element("announcement").textContent = element("sentence").textContent;
  }
  showShares(summary);
  table.show(summary);
  showLast();
}

function showSentence(parts) {
  const text = parts.map((part) => part.version ?? part.figure ?? part).join("");
  if (element("sentence").textContent === text) return;
  element("sentence").replaceChildren(...parts.map((part) => {
    if (part.version !== undefined) return label(part.version, looks.of(part.version));
    if (part.figure !== undefined) return figure(part.figure);
    return part;
  }));
}

function figure(text) {
  const span = document.createElement("span");
  span.className = "figure";
  span.textContent = text;
  return span;
}

function showShares({ versions, lost }) {
  const shown = lost ? [...versions, lost] : versions;
  const bar = element("shares");
  while (bar.children.length > shown.length) bar.lastChild.remove();
  while (bar.children.length < shown.length) bar.append(document.createElement("span"));
  shown.forEach(({ version, share, errorRate }, index) => {
    const part = bar.children[index];
    part.className = `look-${looks.of(version)}`;
    part.style.setProperty("--share", share);
    part.style.setProperty("--failed", percent(errorRate).replace(/[<> ]/g, ""));
  });
}

function showLast() {
  if (!last) return;
  const took = duration(last.milliseconds);
  const text = last.status
    ? `Last answer: ${last.status} in ${took} from ${last.version ?? "no version"}${last.replica ? ` on ${last.replica}` : ""}`
    : `Last request: no answer after ${took}`;
  const held = sender.held > 0.1 ? ". All six connections of the browser are busy: it sends fewer than asked for" : "";
  element("last").textContent = `${text}${held}.`;
}

/** Once a frame, or once a second for those who want no motion; not at all while the clock stands still. */
function tick() {
  if (!clock.running) return;
  if (clock.now() - figuresAt >= FIGURES_EVERY) {
    figuresAt = clock.now();
    showFigures();
  }
  draw();
  if (still.matches) setTimeout(tick, 1000);
  else requestAnimationFrame(tick);
}

/** Sends and draws only while somebody looks. */
function follow() {
  const run = !paused && !document.hidden;
  if (run && !clock.running) {
    clock.start();
    sender.start();
    tick();
  } else if (!run && clock.running) {
    clock.stop();
    sender.stop();
  }
}

async function showEnvironment() {
  const response = await fetch(new URL("version", document.baseURI));
  const { environment } = await response.json();
  element("environment").textContent = ` in ${environment}`;
  document.title = `hello · ${environment}`;
}

element("pause").addEventListener("click", () => {
  paused = !paused;
  element("pause").textContent = paused ? "Resume" : "Pause";
  document.body.classList.toggle("paused", paused);
  follow();
});
document.addEventListener("visibilitychange", follow);
bind(element("controls"), (settings) => Object.assign(sender.settings, settings));
// The page does without the name.
showEnvironment().catch(() => {});
follow();
