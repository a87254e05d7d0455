// Starts the page's wasm, which adds the page to the body, and removes the static shell.
import init from "./hone-app.js";
import { offerCharts } from "./charts.js";
import { rememberHandles } from "./handles.js";
import { openLaunchedFiles } from "./launch.js";
import { keepPresses } from "./presses.js";
import { watchVersions } from "./versions.js";

rememberHandles();
offerCharts();
keepPresses();
try {
  await init();
  document.getElementById("shell").remove();
} catch (error) {
  console.error(error);
  document.getElementById("shell-state").textContent =
    `Hone could not start (${error.message}). Nothing was lost. Reload the page; if that does not help, ` +
    "use a current version of Chrome, Edge, Firefox or Safari.";
}
// Also if the page could not start: the next version may.
openLaunchedFiles();
watchVersions().catch((error) => console.warn(`Hone cannot work offline here: ${error.message}`));
