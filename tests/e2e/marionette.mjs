// Drives Firefox by Marionette, its own WebDriver protocol over TCP, which geckodriver translates to HTTP. Messages are
// JSON after their length: `12:[0,1,"name",{}]` (Firefox source tree, remote/doc/marionette/Protocol.md).

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Longest wait for the browser, or for something on the page. */
const PATIENCE_MS = 120_000;

/** A headless Firefox with a fresh profile, which is kept until `close`. */
export class Firefox {
  #pending = new Map();
  #last = 0;
  #received = Buffer.alloc(0);

  static async launch(executable) {
    const firefox = new Firefox();
    firefox.executable = executable;
    firefox.profile = await mkdtemp(join(tmpdir(), "hone-firefox-"));
    await firefox.start();
    return firefox;
  }

  /** Starts the browser, with the profile it had before. */
  async start() {
    const port = await freePort();
    const settings = { "marionette.port": port, "app.update.enabled": false, "datareporting.policy.dataSubmissionEnabled": false };
    const lines = Object.entries(settings).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`);
    await writeFile(join(this.profile, "user.js"), lines.join("\n"));
    const args = ["--headless", "--marionette", "--no-remote", "--profile", this.profile];
    this.process = spawn(this.executable, args, { stdio: "ignore", env: { ...process.env, MOZ_DISABLE_AUTO_SAFE_MODE: "1" } });
    this.socket = await connected(port);
    this.socket.on("data", (bytes) => this.#take(bytes));
    await this.send("WebDriver:NewSession", { capabilities: { alwaysMatch: { acceptInsecureCerts: false } } });
    await this.send("WebDriver:SetTimeouts", { script: 600_000, pageLoad: 120_000, implicit: 0 });
  }

  /** Kills the browser, as a crash or a lost battery does. */
  async kill() {
    this.socket.destroy();
    const ended = once(this.process, "exit");
    this.process.kill("SIGKILL");
    await ended;
  }

  /** Ends the browser and removes its profile. */
  async close() {
    await this.kill();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Sends a command and returns its value; fails with the browser's error. */
  send(command, parameters = {}) {
    const id = (this.#last += 1);
    const message = JSON.stringify([0, id, command, parameters]);
    this.socket.write(`${Buffer.byteLength(message)}:${message}`);
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  /** Opens an address. */
  async goto(url) {
    await this.send("WebDriver:Navigate", { url });
  }

  /** Runs a function in the page and returns its result, which is plain data, as a promise or not. */
  async evaluate(run, ...args) {
    const script = `
      const done = arguments[arguments.length - 1];
      Promise.resolve().then(() => (${run})(...Array.from(arguments).slice(0, -1)))
        .then((value) => done({ value }), (error) => done({ error: String(error) }));`;
    const { value } = await this.send("WebDriver:ExecuteAsyncScript", { script, args, sandbox: null });
    if (value.error) throw new Error(value.error);
    return value.value;
  }

  /** Waits until the page shows a text. */
  async waitForText(text) {
    await this.until(`text "${text}"`, (text) => document.body.innerText.includes(text), text);
  }

  /** Waits until a function of the page returns true; `what` names what is missing. */
  async until(what, isTrue, ...args) {
    const end = Date.now() + PATIENCE_MS;
    while (!(await this.evaluate(isTrue, ...args))) {
      if (Date.now() > end) throw new Error(`${what} is missing:\n${await this.evaluate(() => document.body.innerText)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Presses the first button or summary whose text begins so, as soon as it is visible and enabled. */
  async press(label) {
    await this.until(`button "${label}"`, (label) => {
      const buttons = [...document.querySelectorAll("button:enabled, summary")];
      const button = buttons.find((button) => button.checkVisibility() && button.textContent.trim().startsWith(label));
      button?.click();
      return button !== undefined;
    }, label);
  }

  /** Chooses a file for the input with this id. */
  chooseFile(id, { name, mimeType, buffer }) {
    return this.evaluate(
      (id, name, type, text) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([text], name, { type }));
        const input = document.getElementById(id);
        input.files = transfer.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      },
      id,
      name,
      mimeType,
      buffer.toString(),
    );
  }

  /** Sets the field or the menu whose label is this text. */
  fill(label, value) {
    return this.evaluate(
      (label, value) => {
        const labels = [...document.querySelectorAll("label")];
        const found = labels.find((element) => element.textContent.trim().startsWith(label) && element.control);
        const field = found?.control ?? document.querySelector(`[aria-label="${label}"]`);
        if (!field) throw new Error(`no field "${label}"`);
        const option = [...(field.options ?? [])].find((option) => option.textContent.trim() === value);
        field.value = option ? option.value : value;
        for (const type of ["input", "change"]) field.dispatchEvent(new Event(type, { bubbles: true }));
      },
      label,
      value,
    );
  }

  #take(bytes) {
    this.#received = Buffer.concat([this.#received, bytes]);
    for (;;) {
      const colon = this.#received.indexOf(":");
      const length = Number(this.#received.subarray(0, colon));
      if (colon < 0 || this.#received.length < colon + 1 + length) return;
      const message = JSON.parse(this.#received.subarray(colon + 1, colon + 1 + length));
      this.#received = this.#received.subarray(colon + 1 + length);
      // The first message is a greeting, not an answer.
      if (!Array.isArray(message)) continue;
      const [, id, error, result] = message;
      const { resolve, reject } = this.#pending.get(id);
      this.#pending.delete(id);
      if (error) reject(new Error(`${error.error}: ${error.message}`));
      else resolve(result);
    }
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Connects as soon as the browser listens. */
async function connected(port) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return socket;
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
