// Handles of the data files, kept with a saved run so that it continues without the files being chosen again. A handle names
// a file on the user's disk and contains nothing of it. Only Chromium has handles that outlive a visit, and asks the user
// before one is used again; elsewhere the page asks for the files.

const STORE = "handles";
/** Handles of the files that were chosen in this tab, by what identifies a file. */
const chosen = new Map();
const identity = ({ name, size, lastModified }) => `${lastModified} ${size} ${name}`;
const isSupported = "requestPermission" in (globalThis.FileSystemHandle?.prototype ?? {});

/** Remembers the handles of dropped files, and of those that the buttons marked with `data-keeps-handle` choose. */
export function rememberHandles() {
  if (!isSupported) return;
  const onDrop = ({ dataTransfer }) => {
    const items = [...(dataTransfer?.items ?? [])].filter(({ kind }) => kind === "file");
    for (const item of items) item.getAsFileSystemHandle?.().then(remember).catch(ignore);
  };
  addEventListener("drop", onDrop, { capture: true });
  addEventListener("click", choose, { capture: true });
  globalThis.honeHandles = { keep, open, sweep };
}

/** Remembers the handle of a file, and returns the file. */
export async function remember(handle) {
  if (!handle || handle.kind === "directory") return null;
  const file = await handle.getFile();
  if (isSupported) chosen.set(identity(file), handle);
  return file;
}

/** Opens the browser's file picker in the place of the input's own, which gives no handles. */
async function choose(event) {
  const input = event.target;
  if (!globalThis.showOpenFilePicker || !input.matches?.("input[type=file][data-keeps-handle]")) return;
  event.preventDefault();
  const extensions = input.accept.split(",").filter(Boolean);
  const types = extensions.length ? [{ accept: { "application/octet-stream": extensions } }] : [];
  try {
    const transfer = new DataTransfer();
    for (const handle of await showOpenFilePicker({ multiple: input.multiple, types })) {
      transfer.items.add(await remember(handle));
    }
    input.files = transfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  } catch (error) {
    // Closing the picker is an answer. Whatever else is wrong with it, the input's own still works.
    if (error.name !== "AbortError") input.showPicker?.();
  }
}

/** Keeps the handles of a run's files, if all of them have one. */
async function keep(id, roles) {
  const handles = roles.map((files) => files.map((file) => chosen.get(identity(file))));
  if (handles.flat().every(Boolean)) await stored("readwrite", (store) => store.put(handles, id));
}

/** The files of a saved run: training, validation and test; null if the browser or the user does not give all of them. */
async function open(id) {
  const handles = await stored("readonly", (store) => store.get(id)).catch(ignore);
  const reading = { mode: "read" };
  for (const handle of handles?.flat() ?? []) {
    const isGranted = (await handle.queryPermission(reading)) === "granted";
    if (!isGranted && (await handle.requestPermission(reading)) !== "granted") return null;
  }
  return handles ? Promise.all(handles.map((some) => Promise.all(some.map(remember)))) : null;
}

/** Removes the handles of runs that are no longer saved. */
async function sweep() {
  const root = await navigator.storage.getDirectory();
  const runs = await root.getDirectoryHandle("runs").catch(ignore);
  const ids = new Set(runs ? await Array.fromAsync(runs.keys()) : []);
  for (const id of await stored("readonly", (store) => store.getAllKeys())) {
    if (!ids.has(id)) await stored("readwrite", (store) => store.delete(id));
  }
}

/** The result of a request to the database. */
async function stored(mode, ask) {
  const opening = indexedDB.open("hone", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await answered(opening);
  try {
    return await answered(ask(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

function answered(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Without a handle, the page asks for the file. */
function ignore() {}
