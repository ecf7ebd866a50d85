// Every answer of the last minute: when it came, how long it took, which version it was of, and whether it failed.

import { WINDOW } from "./answers.js";
import { CROSS, LOST, SHAPES } from "./marks.js";

// Room for the words of the axes, and for the marks at the edges.
const LEFT = 56;
const RIGHT = 10;
const BELOW = 24;
const ABOVE = 14;

// What the height can stand for, in milliseconds; no answer takes longer than the last.
const POWERS = [0.1, 1, 10, 100, 1_000, 10_000, 100_000];

/** The chart of one canvas. */
export class Chart {
  #canvas;
  #context;
  #looks;
  #sprites = new Map();
  #colours = {};

  constructor(canvas, looks, redraw) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
    this.#looks = looks;
    const prepare = () => {
      this.#prepare();
      redraw();
    };
    new ResizeObserver(prepare).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", prepare);
  }

  /** Draws the answers as of `now`. */
  draw(answers, now) {
    const context = this.#context;
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    context.clearRect(0, 0, width, height);
    const y = scale(answers, height);
    this.#axes(y, width, height);
    const x = (time) => width - RIGHT - ((now - time) / WINDOW) * (width - LEFT - RIGHT);
    // What failed is drawn last, so that nothing hides it.
    for (const failed of [false, true]) {
      for (const answer of answers) {
        if (answer.failed === failed) this.#mark(answer, x(answer.time), y(answer.milliseconds));
      }
    }
  }

  #prepare() {
    const ratio = devicePixelRatio;
    this.#canvas.width = Math.round(this.#canvas.clientWidth * ratio);
    this.#canvas.height = Math.round(this.#canvas.clientHeight * ratio);
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const style = getComputedStyle(this.#canvas);
    const names = ["line", "muted", "surface", "look-lost", ...SHAPES.map((_, look) => `look-${look}`)];
    this.#colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`)]));
    this.#context.font = `${0.75 * parseFloat(getComputedStyle(document.documentElement).fontSize)}px ${style.fontFamily}`;
    this.#sprites.clear();
  }

  #axes(y, width, height) {
    const context = this.#context;
    context.strokeStyle = this.#colours.line;
    context.fillStyle = this.#colours.muted;
    context.lineWidth = 1;
    for (const value of y.powers) {
      const at = Math.round(y(value)) + 0.5;
      context.beginPath();
      context.moveTo(0, at);
      context.lineTo(width, at);
      context.stroke();
      context.textAlign = "left";
      context.fillText(value < 1000 ? `${value} ms` : `${value / 1000} s`, 0, at - 5);
    }
    const words = [["60 s ago", LEFT, "left"], ["30 s", (width + LEFT - RIGHT) / 2, "center"], ["now", width, "right"]];
    for (const [text, x, align] of words) {
      context.textAlign = align;
      context.fillText(text, x, height - 4);
    }
  }

  #mark({ version, failed }, x, y) {
    const sprite = this.#sprite(this.#looks.of(version), failed);
    const size = sprite.width / devicePixelRatio;
    this.#context.drawImage(sprite, x - size / 2, y - size / 2, size, size);
  }

  /** A mark drawn once: a path for each of some thousand marks a frame would be too slow. */
  #sprite(look, failed) {
    const key = `${look} ${failed}`;
    if (!this.#sprites.has(key)) this.#sprites.set(key, this.#paint(look, failed));
    return this.#sprites.get(key);
  }

  #paint(look, failed) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = Math.ceil(18 * devicePixelRatio);
    const context = canvas.getContext("2d");
    context.scale(devicePixelRatio, devicePixelRatio);
    context.translate(9, 9);
    const path = new Path2D(failed || look === LOST ? CROSS : SHAPES[look]);
    const size = failed ? 1.15 : 0.62;
    context.scale(size, size);
    if (failed) {
      // A rim in the colour of the ground sets it off from the marks beneath.
      context.strokeStyle = this.#colours.surface;
      context.lineWidth = 3;
      context.stroke(path);
    }
    context.globalAlpha = failed ? 1 : 0.8;
    context.fillStyle = this.#colours[`look-${look}`];
    context.fill(path);
    return canvas;
  }
}

/** From milliseconds to the height on the canvas, by powers of ten that hold every answer. */
function scale(answers, height) {
  const slowest = answers.reduce((most, { milliseconds }) => Math.max(most, milliseconds), 0);
  const fastest = answers.reduce((least, { milliseconds }) => Math.min(least, milliseconds), 1);
  const last = POWERS.findIndex((power) => power >= Math.max(slowest, 100));
  const powers = POWERS.slice(fastest < 1 ? 0 : 1, last < 0 ? undefined : last + 1);
  const [lowest, highest] = [powers[0], powers.at(-1)];
  const part = (milliseconds) => Math.log(Math.max(milliseconds, lowest) / lowest) / Math.log(highest / lowest);
  const y = (milliseconds) => ABOVE + (height - ABOVE - BELOW) * (1 - part(milliseconds));
  return Object.assign(y, { powers });
}
