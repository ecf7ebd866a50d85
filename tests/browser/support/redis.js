// A real Redis on a free port of the loopback.

import { spawn, spawnSync } from "node:child_process";
import net from "node:net";
import { eventually } from "./wait.js";

/** Starts Redis and resolves to its URL; skips the test `t` and resolves to nothing where it is not installed. */
export async function redis(t) {
  if (spawnSync("redis-server", ["--version"]).error) {
    if (process.env.CI === "true") throw new Error("redis-server is missing");
    t.skip("redis-server is missing");
    return null;
  }
  const port = await freePort();
  const options = ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const child = spawn("redis-server", options.map(String), { stdio: "ignore" });
  t.after(() => child.kill("SIGKILL"));
  await eventually("Redis listens", () => accepts(port));
  return `redis://127.0.0.1:${port}`;
}

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => (socket.destroy(), resolve(true))).once("error", () => resolve(false));
  });
}
