// A model hub on 127.0.0.1 that responds like the Hugging Face hub, and can be made to fail.

import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { url } from "./harness.mjs";

const API = "/api/models/";

/** Serves models: `models` maps the name of each to its files. */
export class Hub {
  /** Requests: method, path and range. */
  requests = [];
  /** Interrupts the next response with weights after this many bytes. */
  cutAfter = null;
  /** Pattern of paths for which responses never complete; weights are sent in part. */
  silentAbout = null;
  /** Responds to everything with a web page. */
  isPortal = false;

  constructor(models) {
    this.models = models;
    this.server = createServer((request, response) => this.answer(request, response));
  }

  async open() {
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.address = `http://127.0.0.1:${this.server.address().port}`;
  }

  /** Becomes unreachable. */
  async close() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Paths requested since the previous call. */
  take() {
    return this.requests.splice(0);
  }

  answer({ url, headers }, response) {
    const { pathname } = new URL(url, this.address);
    this.requests.push({ path: pathname, range: headers.range });
    const isWeights = pathname.endsWith(".safetensors");
    const isSilent = this.silentAbout?.test(pathname);
    if (isSilent && !isWeights) return;
    response.setHeader("Access-Control-Allow-Origin", "*");
    if (this.isPortal) return response.setHeader("Content-Type", "text/html").end("<!doctype html><p>Log in");
    if (pathname.startsWith(API)) return this.list(pathname.slice(API.length), response);
    const [owner, name, , , ...file] = pathname.slice(1).split("/");
    const content = this.models[`${owner}/${name}`]?.[file.join("/")];
    if (!content) return response.writeHead(404).end();
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
    const rest = content.subarray(from);
    const range = from ? { "Content-Range": `bytes ${from}-${content.length - 1}/${content.length}` } : {};
    response.writeHead(from ? 206 : 200, { "Content-Length": rest.length, ...range });
    if (isSilent) return response.write(rest.subarray(0, 1000));
    if (!isWeights) return response.end(rest);
    if (this.cutAfter === null) return response.end(rest);
    response.write(rest.subarray(0, this.cutAfter), () => setTimeout(() => response.destroy(), 500));
    this.cutAfter = null;
  }

  list(id, response) {
    const files = this.models[id];
    if (!files) return response.writeHead(404).end();
    const siblings = Object.entries(files).map(([rfilename, content]) => ({
      rfilename,
      size: content.length,
      lfs: { sha256: createHash("sha256").update(content).digest("hex"), size: content.length },
    }));
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ id, sha: "0123abcd", tags: ["license:mit"], gated: false, siblings }));
  }
}

/**
 * Serves the page as configured for another hub: with `hub` in its attribute and its policy. Returns the server and
 * its address.
 */
export async function servePage(hub) {
  const other = (text) =>
    text
      .replace(/connect-src 'self'[^;]*/g, `connect-src 'self' ${hub.address}`)
      .replace(/data-hub="[^"]*"/, `data-hub="${hub.address}"`);
  const server = createServer(async (request, response) => {
    const answer = await fetch(new URL(request.url, url));
    const headers = Object.fromEntries([...answer.headers].filter(([name]) => !/^content-(enc|len)/.test(name)));
    response.writeHead(answer.status, {
      ...headers,
      "content-security-policy": other(headers["content-security-policy"]),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    response.end(headers["content-type"]?.startsWith("text/html") ? other(body.toString()) : body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, address: `http://127.0.0.1:${server.address().port}` };
}
