//! Parquet, read through a wasm module of its own (app/tables), which is fetched with the first such file. Each reader has
//! its own instance: if it panics or runs out of memory, it is gone, and the engine is not.

use std::cell::RefCell;
use std::io::{Read, Seek, Write};
use std::rc::Rc;

use hone_core::dataset::{DataReader, DataRole, Hints, OpenTable, TableReader, about_file, is_parquet};
use hone_core::diagnostic::Diagnostic;
use js_sys::WebAssembly::{self, Instance, Memory, Module};
use js_sys::{Function, Object, RangeError, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, FileReaderSync, Response};

use crate::blob::{BlobReader, unreadable};
use crate::engine::export::Parts;
use crate::js;
use crate::mailbox::yield_to_event_loop;

/// The module, next to the worker's own.
const FILE: &str = "./hone-tables.wasm";
/// Results of the module's exports (app/tables/src/wasm.rs).
const OUTPUT: f64 = 1.0;
const END: f64 = 0.0;

/// Share of the work on a packed table that is done once it is unpacked.
const UNPACKING: f64 = 0.5;

thread_local! {
    /// The module, once it has been fetched.
    static MODULE: RefCell<Option<Module>> = const { RefCell::new(None) };
}

/// The Parquet files in a file that was compressed or is an archive, once they are unpacked: outside the memory of the tab,
/// since Parquet is read from its end.
#[derive(Clone, Default)]
pub struct Unpacked(Rc<RefCell<Option<NamedFiles>>>);

/// Files, each with its name.
type NamedFiles = Vec<(String, Blob)>;

/// Opens a file: through the module if it is Parquet, and otherwise `file`, a reader of the same file. What must be unpacked
/// first is kept in `unpacked`; meanwhile `on_progress` gets the number of bytes of the file that were read, as far as they
/// count until the rows are read too.
///
/// # Errors
/// As [`DataReader::open`], those of the module's `open` and of `on_progress`, and `engine.part` if the module cannot be
/// fetched.
pub async fn open_data<R: Read + Seek + 'static>(
    name: &str,
    blob: &Blob,
    file: R,
    role: DataRole,
    hints: &Hints,
    unpacked: &Unpacked,
    on_progress: impl FnMut(f64) -> Result<(), Diagnostic>,
) -> Result<DataReader, Diagnostic> {
    // A file that cannot be read is reported by its reader.
    if is_parquet(&mut BlobReader::new(blob.clone())?).unwrap_or_default() {
        let (table, warnings) = WasmTable::open(name, blob, &module().await?)?;
        return Ok(DataReader::of_table(name, blob.size(), Box::new(table), warnings));
    }
    let mut reader = DataReader::open(name, file, role, hints)?;
    if reader.is_packed_table() {
        let known = unpacked.0.borrow().clone();
        let unpacking = if known.is_some() { 0.0 } else { UNPACKING };
        let files = match known {
            Some(files) => files,
            None => unpack(&mut reader, on_progress).await?,
        };
        *unpacked.0.borrow_mut() = Some(files.clone());
        let module = module().await?;
        let opens = |(name, blob): (String, Blob)| -> OpenTable {
            let module = module.clone();
            Box::new(move || {
                let (table, warnings) = WasmTable::open(&name, &blob, &module)?;
                Ok((Box::new(table), warnings))
            })
        };
        reader.set_tables(files.into_iter().map(opens).collect(), unpacking)?;
    }
    Ok(reader)
}

/// Unpacks the Parquet files that a reader has found, each with its name.
async fn unpack(
    reader: &mut DataReader,
    mut on_progress: impl FnMut(f64) -> Result<(), Diagnostic>,
) -> Result<NamedFiles, Diagnostic> {
    let mut files = Vec::new();
    let mut next = Some(reader.content_name().to_owned());
    while let Some(path) = next {
        let mut parts = Parts::default();
        while let Some(piece) = reader.next_piece()? {
            parts.write_all(piece).map_err(|error| {
                let what = format!("The browser could not hold the unpacked file: {error}.");
                Diagnostic::new("data.too-much-text", what)
                    .done("The file was not read.")
                    .remedy("Free some memory or disk space, or unpack the file and choose the Parquet file inside.")
            })?;
            on_progress(reader.read_bytes() * UNPACKING)?;
            yield_to_event_loop().await;
        }
        let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
        files.push((name, parts.into_blob("application/octet-stream")?));
        next = reader.next_table()?;
    }
    Ok(files)
}

/// The module, fetched if it has not been.
async fn module() -> Result<Module, Diagnostic> {
    if let Some(module) = MODULE.with_borrow(Clone::clone) {
        return Ok(module);
    }
    let fetched = fetched().await;
    let module = fetched.map_err(|error| {
        let what = format!("The part of Hone that reads Parquet could not be loaded: {}.", js::message(&error));
        Diagnostic::new("engine.part", what)
            .done("The file was not read.")
            .remedy("Check the connection, and choose the file again.")
    })?;
    MODULE.set(Some(module.clone()));
    Ok(module)
}

async fn fetched() -> Result<Module, JsValue> {
    let response: Response = JsFuture::from(js::scope().fetch_with_str(FILE)).await?.unchecked_into();
    if !response.ok() {
        return Err(format!("the server answered {}", response.status()).into());
    }
    let bytes = JsFuture::from(response.array_buffer()?).await?;
    Ok(JsFuture::from(WebAssembly::compile(&bytes)).await?.unchecked_into())
}

/// An instance of the module, which reads one file.
struct WasmTable {
    name: String,
    exports: Object,
    memory: Memory,
    share: f64,
    /// The file, which the instance reads.
    _read: Closure<dyn FnMut(f64, u32, u32) -> Result<u32, JsValue>>,
}

impl WasmTable {
    fn open(name: &str, blob: &Blob, module: &Module) -> Result<(Self, Vec<Diagnostic>), Diagnostic> {
        let shared = Rc::<RefCell<Option<Memory>>>::default();
        let reader = FileReaderSync::new().map_err(|error| unreadable(&error))?;
        let read = Closure::new({
            let (shared, blob) = (shared.clone(), blob.clone());
            move |at: f64, into: u32, length: u32| {
                let piece = blob.slice_with_f64_and_f64(at, (at + f64::from(length)).min(blob.size()))?;
                let bytes = Uint8Array::new(&JsValue::from(reader.read_as_array_buffer(&piece)?));
                let memory = shared.borrow().clone().ok_or(JsValue::UNDEFINED)?;
                Uint8Array::new(&memory.buffer()).set(&bytes, into);
                Ok(bytes.length())
            }
        });
        let (imports, host) = (Object::new(), Object::new());
        js::set(&host, "read", read.as_ref());
        js::set(&imports, "host", &host);
        let instance = Instance::new(module, &imports).map_err(|error| failed(name, &error))?;
        let exports = instance.exports();
        let memory: Memory = js::get(&exports, "memory").unchecked_into();
        *shared.borrow_mut() = Some(memory.clone());
        let table = Self { name: name.to_owned(), exports, memory, share: 0.0, _read: read };
        let kind = table.call("open", Some(blob.size()))?;
        let output = table.output()?;
        if kind != OUTPUT {
            return Err(table.reported(&output));
        }
        let warnings: Vec<Diagnostic> = serde_json::from_slice(&output).unwrap_or_default();
        let warnings = warnings.into_iter().map(|warning| about_file(name, warning)).collect();
        Ok((table, warnings))
    }

    /// Calls an export. What it throws is the end of the instance.
    fn call(&self, export: &str, argument: Option<f64>) -> Result<f64, Diagnostic> {
        let function: Function = js::get(&self.exports, export).unchecked_into();
        let argument = argument.map_or(JsValue::UNDEFINED, JsValue::from);
        let result = function.call1(&JsValue::UNDEFINED, &argument).map_err(|error| failed(&self.name, &error))?;
        Ok(result.as_f64().unwrap_or_default())
    }

    /// Output of the last call.
    fn output(&self) -> Result<Vec<u8>, Diagnostic> {
        // Addresses from 2 GB on are negative in JavaScript.
        let (at, bytes) = (self.call("output_at", None)? as i64 as u32, self.call("output_bytes", None)? as i64 as u32);
        Ok(Uint8Array::new_with_byte_offset_and_length(&self.memory.buffer(), at, bytes).to_vec())
    }

    /// The error that the module has written.
    fn reported(&self, output: &[u8]) -> Diagnostic {
        match serde_json::from_slice(output) {
            Ok(diagnostic) => about_file(&self.name, diagnostic),
            Err(_) => damaged(&self.name),
        }
    }
}

impl TableReader for WasmTable {
    fn next(&mut self, out: &mut Vec<u8>) -> Result<bool, Diagnostic> {
        let kind = self.call("next", None)?;
        if kind == END {
            return Ok(false);
        }
        let output = self.output()?;
        if kind != OUTPUT {
            return Err(self.reported(&output));
        }
        self.share = self.call("share", None)?;
        out.extend_from_slice(&output);
        Ok(true)
    }

    fn share(&self) -> f64 {
        self.share
    }
}

/// The error of an instance that has ended: by a panic or for lack of memory, or because the file could not be read.
fn failed(name: &str, error: &JsValue) -> Diagnostic {
    web_sys::console::warn_1(error);
    let has_crashed = error.is_instance_of::<WebAssembly::RuntimeError>() || error.is_instance_of::<RangeError>();
    if has_crashed { damaged(name) } else { unreadable(error) }
}

fn damaged(name: &str) -> Diagnostic {
    let diagnostic = Diagnostic::new("data.damaged", "is damaged: its table cannot be read (its reader stopped)");
    about_file(name, diagnostic)
        .done("The file was not read.")
        .remedy("Download or copy it again. If another program opens it, save it again there.")
}
