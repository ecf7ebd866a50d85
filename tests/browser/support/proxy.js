// What stands in front of a service in a cluster: small balancers that know exactly what they did.

import http from "node:http";
import net from "node:net";

/**
 * Shares out requests as an ingress does. `pattern` lists the ports that the requests take turns at; below `prefix`,
 * which is cut off, if there is one. `counts` says how many each port got.
 */
export async function byRequest(t, pattern, { prefix = "" } = {}) {
  const counts = new Map();
  const agent = new http.Agent({ keepAlive: true });
  let turn = 0;
  const server = http.createServer((request, response) => {
    if (!request.url.startsWith(prefix)) return response.writeHead(404).end();
    // Only what is answered with a version takes a turn, so that the page's own files do not disturb the shares.
    const asset = /\/(page|assets|version)\b/.test(request.url);
    const port = pattern[asset ? 0 : turn++ % pattern.length];
    counts.set(port, (counts.get(port) ?? 0) + 1);
    const { method, headers } = request;
    const path = request.url.slice(prefix.length) || "/";
    const forwarded = http.request({ host: "127.0.0.1", port, method, headers, path, agent }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    forwarded.on("error", () => response.headersSent || response.writeHead(502).end("bad gateway"));
    request.pipe(forwarded);
  });
  const port = await listen(t, server);
  t.after(() => agent.destroy());
  return { url: `http://127.0.0.1:${port}${prefix}/`, counts };
}

/** Shares out connections in turn, as a Kubernetes Service does: a connection stays with the port that it began with. */
export async function byConnection(t, ports) {
  let turn = 0;
  const server = net.createServer((client) => {
    const upstream = net.connect(ports[turn++ % ports.length], "127.0.0.1");
    const close = () => (client.destroy(), upstream.destroy());
    client.on("error", close).on("close", close);
    upstream.on("error", close).on("close", close);
    client.pipe(upstream).pipe(client);
  });
  const port = await listen(t, server);
  return { url: `http://127.0.0.1:${port}/` };
}

function listen(t, server) {
  const sockets = new Set();
  server.on("connection", (socket) => sockets.add(socket.on("close", () => sockets.delete(socket))));
  t.after(() => {
    server.close();
    sockets.forEach((socket) => socket.destroy());
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
}
