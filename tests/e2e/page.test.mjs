// Properties of the page right after it has been opened.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bothColors, look, screenshot, startWorker, withPage } from "./harness.mjs";
import { MINUTE } from "./real.mjs";

test("the page opens, introduces itself, and is accessible in light and dark", async () => {
  await withPage(async (page) => {
    await page.getByRole("heading", { level: 1, name: "Hone" }).waitFor();
    await look(page, "opened", bothColors);
  });
});

test("page, worker and service worker start without a warning or an error in the console", async () => {
  await withPage(
    async (page) => {
      const complaints = [];
      page.on("console", (message) => {
        if (["warning", "error"].includes(message.type())) complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(error.message));
      await page.reload();
      await page.getByText(/^Computes (on|with)/).waitFor({ timeout: 3 * MINUTE });
      await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
      assert.deepEqual(complaints, []);
    },
    { serviceWorkers: "allow" },
  );
});

test("the page fits a narrow screen without scrolling sideways", async () => {
  await withPage(
    async (page) => {
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert(width <= 360, `${width} px wide`);
      await screenshot(page, "opened-narrow");
    },
    { viewport: { width: 360, height: 740 } },
  );
});

test("the browser itself forbids page and worker to contact other addresses", async () => {
  // Waits for the browser's message: a request also fails if there is no network.
  const forbidden = () =>
    new Promise((resolve) => {
      addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective), { once: true });
      fetch("https://example.org/").then(() => resolve("nothing"), () => {});
    });
  await withPage(
    async (page) => {
      await startWorker(page);
      assert.equal(await page.evaluate(forbidden), "connect-src");
      assert(page.workers().length > 0);
      for (const worker of page.workers()) assert.equal(await worker.evaluate(forbidden), "connect-src");
    },
    { expectComplaints: /Content Security Policy|Refused to connect|Fetch API cannot load/ },
  );
});
