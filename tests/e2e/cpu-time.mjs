// CPU time of the page's workers. Unlike wall time, it does not grow when other programs share the processor.

import { readFileSync, readdirSync } from "node:fs";

/** Name of a worker's thread in Chromium, as Linux cuts it. */
const THREAD = "DedicatedWorker";

/** Returns a function that reads the CPU time of all workers of `browser`, in milliseconds; null outside Linux. */
export async function workerCpuTime(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => `/proc/${id}/task`);
  return () => {
    try {
      const threads = renderers.flatMap((tasks) => readdirSync(tasks).map((thread) => `${tasks}/${thread}`));
      const workers = threads.filter((thread) => readFileSync(`${thread}/comm`, "utf8").startsWith(THREAD));
      // The first number is the time on a CPU, in nanoseconds.
      const times = workers.map((thread) => Number(readFileSync(`${thread}/schedstat`, "utf8").split(" ")[0]));
      return times.length ? times.reduce((sum, time) => sum + time) / 1e6 : null;
    } catch {
      return null;
    }
  };
}
