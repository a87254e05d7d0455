// What holds of the page as soon as it is opened.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertAccessible, screenshot, url, withPage } from "./harness.mjs";

test("the page opens, says what it is, and is accessible in light and dark", async () => {
  for (const colorScheme of ["light", "dark"]) {
    await withPage(
      async (page) => {
        await page.getByRole("heading", { level: 1, name: "Hone" }).waitFor();
        await assertAccessible(page);
        await screenshot(page, `opened-${colorScheme}`);
      },
      { colorScheme },
    );
  }
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

test("the browser itself forbids page and worker to speak to anyone else", async () => {
  const policy = /connect-src 'self'(;|$)/;
  await withPage(
    async (page) => {
      const blocked = await page.evaluate(() => fetch("https://example.org/").then(() => false, () => true));
      assert(blocked);
    },
    { expectComplaints: /Content Security Policy|Refused to connect|Fetch API cannot load/ },
  );
  const worker = await fetch(new URL("hone-worker_loader.js", url));
  assert.match(worker.headers.get("content-security-policy"), policy, "a worker obeys the policy of its own response");
});
