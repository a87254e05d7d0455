// A model hub on 127.0.0.1 that answers as the Hugging Face hub does, and can be told to fail.

import { createHash } from "node:crypto";
import { createServer } from "node:http";

const API = "/api/models/";

/** Serves models: `models` has the files of each by its name. */
export class Hub {
  /** What was asked for: method, path and range. */
  requests = [];
  /** Ends the next answer with weights after so many bytes. */
  cutAfter = null;
  /** Answers everything with a web page. */
  isPortal = false;

  constructor(models) {
    this.models = models;
    this.server = createServer((request, response) => this.answer(request, response));
  }

  async open() {
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.address = `http://127.0.0.1:${this.server.address().port}`;
  }

  /** From now on nothing is reached here. */
  async close() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Paths asked for since the last time. */
  take() {
    return this.requests.splice(0);
  }

  answer({ url, headers }, response) {
    const { pathname } = new URL(url, this.address);
    this.requests.push({ path: pathname, range: headers.range });
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
    if (!pathname.endsWith(".safetensors") || this.cutAfter === null) return response.end(rest);
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

/** Makes `hub` the page's hub, as whoever serves a page of their own does: by its attribute and its policy. */
export async function withHub(page, hub) {
  const own = /connect-src 'self'[^;]*/g;
  const asked = `connect-src 'self' ${hub.address}`;
  await page.context().route(/\/(hone-worker[^/]*\.js)?$/, async (route) => {
    const response = await route.fetch();
    const headers = response.headers();
    headers["content-security-policy"] = headers["content-security-policy"].replace(own, asked);
    const body = (await response.text()).replace(own, asked).replace(/data-hub="[^"]*"/, `data-hub="${hub.address}"`);
    await route.fulfill({ response, headers, body });
  });
  await page.reload();
  await page.locator("#shell").waitFor({ state: "detached" });
}
