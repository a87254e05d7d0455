//! The module's exports, which the engine's worker calls: an instance reads one file, once. What an export returns is the
//! kind of its output; the output itself lies in the module's memory until the next call.

use std::cell::RefCell;
use std::io;

use serde_json::{Value, json};

use crate::report::Report;
use crate::source::Source;
use crate::table::Table;

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    /// Reads up to `length` bytes of the file from `at` on, to `into` in this module's memory. Returns their number. If the
    /// file cannot be read any more, the host throws and never comes back.
    fn read(at: f64, into: *mut u8, length: usize) -> usize;
}

/// The output is a piece of lines, or after `open` the list of warnings.
const OUTPUT: u32 = 1;
/// There are no more rows.
const END: u32 = 0;
/// The output is an error.
const ERROR: u32 = 2;

/// The host's file.
struct HostFile {
    size: u64,
}

impl Source for HostFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        // SAFETY: the pointer and the length are those of a slice that is valid during the call.
        Ok(unsafe { read(at as f64, into.as_mut_ptr(), into.len()) }.min(into.len()))
    }
}

thread_local! {
    static TABLE: RefCell<Option<Table>> = const { RefCell::new(None) };
    static OUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Opens the file, whose size is given in bytes.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn open(size: f64) -> u32 {
    match Table::open(HostFile { size: size as u64 }) {
        Ok(table) => {
            let warnings = table.warnings().iter().map(parts).collect();
            TABLE.set(Some(table));
            output(&Value::Array(warnings), OUTPUT)
        }
        Err(report) => output(&parts(&report), ERROR),
    }
}

/// Reads the next rows.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn next() -> u32 {
    let read = TABLE.with_borrow_mut(|table| {
        OUT.with_borrow_mut(|out| {
            out.clear();
            table.as_mut().map_or(Ok(false), |table| table.next(out))
        })
    });
    match read {
        Ok(true) => OUTPUT,
        Ok(false) => END,
        Err(report) => output(&parts(&report), ERROR),
    }
}

/// Address of the output.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn output_at() -> *const u8 {
    OUT.with_borrow(|out| out.as_ptr())
}

/// Size of the output, in bytes.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn output_bytes() -> usize {
    OUT.with_borrow(Vec::len)
}

/// Share of the rows that have been read, from 0 to 1.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn share() -> f64 {
    TABLE.with_borrow(|table| table.as_ref().map_or(0.0, Table::share))
}

/// The parts of a report under the names that Hone's diagnostics have.
fn parts(Report { code, what, done, remedy }: &Report) -> Value {
    json!({ "code": code, "what": what, "done": done, "remedy": remedy })
}

fn output(value: &Value, kind: u32) -> u32 {
    OUT.set(value.to_string().into_bytes());
    kind
}
