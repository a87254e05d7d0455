// Starts the worker's wasm. Trunk would write this file itself, but passes the address in a form that wasm-bindgen has
// deprecated and warns about.
importScripts("./hone-worker.js");
wasm_bindgen({ module_or_path: "./hone-worker_bg.wasm" });
