// Opens the files with which the installed page was launched from the desktop, as if they had been dropped on it.
import { remember } from "./handles.js";

/** Takes the launch's files, now and whenever others are opened with the page. */
export function openLaunchedFiles() {
  // Chromium only.
  globalThis.launchQueue?.setConsumer(async ({ files }) => {
    if (!files?.length) return;
    const dataTransfer = new DataTransfer();
    for (const handle of files) dataTransfer.items.add(await remember(handle));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  });
}
