// A static host of the built page on 127.0.0.1: with or without the page's headers, gone at will, with deployments.

import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { url } from "./harness.mjs";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** Hosts the files of `cargo xtask build`. `sendsHeaders` is false for hosts like GitHub Pages. */
export class Host {
  /** Paths of all requests. */
  requests = [];
  #changed = new Map();

  constructor({ sendsHeaders = true } = {}) {
    this.sendsHeaders = sendsHeaders;
    this.server = createServer((request, response) => this.#answer(request, response));
  }

  /** Starts, on the same port as before if it has been closed. */
  async open() {
    await new Promise((resolve) => this.server.listen(this.port ?? 0, "127.0.0.1", resolve));
    this.port = this.server.address().port;
    this.address = `http://127.0.0.1:${this.port}/`;
    return this;
  }

  /** Is gone, like the network. */
  async close() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /**
   * Deploys another version: `changes` maps paths to contents, or to functions of the present text. The service worker
   * and the page's version are written as xtask/src/offline.rs does.
   */
  async deploy(version, changes) {
    for (const [path, change] of Object.entries(changes)) {
      const content = typeof change === "function" ? change(await this.#text(path)) : change;
      this.#changed.set(path, Buffer.from(content));
    }
    const page = (await this.#text("index.html")).replace(/data-version="[^"]*"/, `data-version="${version}"`);
    this.#changed.set("index.html", Buffer.from(page));
    const [line, ...rest] = (await this.#text("sw.js")).split("\n");
    const build = JSON.parse(/^const BUILD = (.*);$/.exec(line)[1]);
    build.version = version;
    for (const [path, bytes] of this.#changed) {
      if (path in build.files) build.files[path] = sha256(bytes);
    }
    this.#changed.set("sw.js", Buffer.from([`const BUILD = ${JSON.stringify(build)};`, ...rest].join("\n")));
  }

  /** Still serves the file as it was built: a deployment of which a part has not arrived. */
  withhold(path) {
    this.#changed.delete(path);
  }

  /** Puts another file in the place of the service worker. */
  replaceServiceWorker(source) {
    this.#changed.set("sw.js", Buffer.from(source));
  }

  async #text(path) {
    return this.#changed.get(path)?.toString() ?? (await fetch(new URL(path, url))).text();
  }

  async #answer(request, response) {
    const path = new URL(request.url, url).pathname.slice(1) || "index.html";
    this.requests.push(path);
    const answer = await fetch(new URL(path, url));
    const changed = this.#changed.get(path);
    if (!answer.ok && !changed) return response.writeHead(404).end();
    const type = answer.ok ? answer.headers.get("content-type") : "application/octet-stream";
    const ofHost = new Set(["connection", "keep-alive", "date", "etag", "vary", "content-encoding", "content-length"]);
    const all = Object.fromEntries([...answer.headers].filter(([name]) => !ofHost.has(name)));
    response.writeHead(200, this.sendsHeaders ? { ...all, "content-type": type } : { "content-type": type });
    response.end(changed ?? Buffer.from(await answer.arrayBuffer()));
  }
}

/** The catalog and the files of a micro model, to be deployed. */
export function deployable(entry, files) {
  const ofModel = Object.entries(files).map(([name, bytes]) => [`${entry.folder}${name}`, bytes]);
  return { "catalog.json": JSON.stringify([entry]), ...Object.fromEntries(ofModel) };
}
