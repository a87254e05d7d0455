//! The engine in a dedicated Web Worker: it owns the device, the model and the files, takes commands from the page and
//! answers with events.

#![allow(unreachable_pub, reason = "a program has no API: `pub` marks what a module offers to the rest of it")]

// These crates are in the tree through others; this switches on their browser source of randomness.
use getrandom_03 as _;
use getrandom_04 as _;

mod blob;
mod data;
mod device;
mod download;
mod engine;
mod errors;
mod fetch;
mod js;
mod lock;
mod mailbox;
mod model_source;
mod opfs;
mod run_storage;
mod serve;
mod storage;
mod tables;
mod tuned_storage;

unsafe extern "C" {
    fn __wasm_call_ctors();
}

fn main() {
    // SAFETY: this runs once, before anything else. cubecl registers its operations in constructors; unless the program
    // calls them, the linker calls all of them again on every entry from JavaScript.
    unsafe { __wasm_call_ctors() };
    errors::install();
    tokenizers::utils::parallelism::set_parallelism(false);
    let mailbox = mailbox::open();
    wasm_bindgen_futures::spawn_local(serve::serve(mailbox));
    mailbox::report_ready();
}
