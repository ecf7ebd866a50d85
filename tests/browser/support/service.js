// The real binaries, each in a process of its own on free ports of the loopback.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { eventually } from "./wait.js";

const BINARIES = process.env.FLOTILLA_BINARIES ?? new URL("../../../target/debug", import.meta.url).pathname;

/** Starts a service with these variables and no others, waits until it is ready, and stops it after the test `t`. */
export async function service(t, name, variables = {}) {
  const env = {
    HTTP_ADDR: "127.0.0.1:0",
    MANAGEMENT_ADDR: "127.0.0.1:0",
    DRAIN_DELAY_SEC: "0",
    LOG_FORMAT: "json",
    ...variables,
  };
  const child = spawn(`${BINARIES}/${name}`, { env, stdio: ["ignore", "pipe", "inherit"] });
  const stop = () => end(child);
  t.after(stop);
  const { http } = await listening(name, child);
  const url = `http://${http}`;
  await eventually(`${name} is ready`, async () => (await fetch(`${url}/readyz`)).ok);
  return { url, port: Number(http.split(":").at(-1)), stop };
}

function listening(name, child) {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    setTimeout(() => reject(new Error(`${name} does not listen`)), 20_000).unref();
    child.once("exit", (code) => reject(new Error(`${name} ended with ${code} before it listened`)));
    // Read to the end, so that the service never waits for its reader.
    createInterface({ input: child.stdout }).on("line", (line) => {
      const entry = line.startsWith("{") ? JSON.parse(line) : {};
      if (entry.message === "listening") resolve(entry);
    });
  });
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}
