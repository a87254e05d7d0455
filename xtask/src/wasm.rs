//! Post-processing of the wasm files that Trunk writes: optimizing, stripping, compressing. Results are cached by the
//! hash of their input, because it takes a minute.

use std::fs;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result};

use crate::model::link;
use crate::{alike, fetch, paths, process, short_names};

/// Part of the built page, with its size budget.
pub struct Module {
    /// Name in messages.
    pub name: &'static str,
    /// Its file in dist/.
    pub file: &'static str,
    /// Passes of wasm-opt, before like functions are put next to each other.
    passes: &'static [&'static str],
    /// True if its imports and exports get short names.
    short_names: bool,
    /// Maximum size as brotli, in bytes.
    pub budget: u64,
}

/// The page, the worker, and the part that is loaded with the first Parquet file.
pub static MODULES: [Module; 3] = [
    Module { name: "page", file: "hone-app_bg.wasm", passes: &PAGE_PASSES, short_names: true, budget: 380_000 },
    Module {
        name: "worker",
        file: "hone-worker_bg.wasm",
        passes: &ENGINE_PASSES,
        short_names: false,
        budget: 4_800_000,
    },
    Module { name: "tables", file: TABLES, passes: &ENGINE_PASSES, short_names: false, budget: 300_000 },
];

/// Those that make the page smallest once it is compressed, by 10 KB: code that repeats itself, as compilers write it, compresses
/// better than code that was made shorter, and zeros better than the places of the data between them. Nothing is stored in the
/// first kilobyte of the memory, since that is the end of the stack.
const PAGE_PASSES: [&str; 9] = [
    "-Os",
    "--low-memory-unused",
    "--always-inline-max-function-size=0",
    "--one-caller-inline-max-function-size=0",
    "--skip-pass=local-cse",
    "--skip-pass=memory-packing",
    "--skip-pass=simplify-locals",
    "--coalesce-locals",
    "--reorder-locals",
];

/// Few passes suffice for what LLVM has optimized for speed. With `-O2` the worker was 9 % larger as brotli, took three times
/// as long to optimize, trained no faster, and generated text at half the speed for the first second, until the browser had
/// compiled its larger functions.
const ENGINE_PASSES: [&str; 1] = ["-O1"];

/// The part that reads Parquet, which Trunk does not build: it has no bindings to JavaScript.
const TABLES: &str = "hone-tables.wasm";
/// Maximum memory of that part, in bytes: a file made to fill the memory ends the part, and not the browser's tab.
const TABLES_MEMORY: u64 = 1 << 30;

/// Features that rustc emits for our target and that browsers with WebGPU have.
const FEATURES: [&str; 7] = [
    "--enable-simd",
    "--enable-bulk-memory",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-sign-ext",
];

const COMPRESS: &str = "
const fs = require('node:fs'), zlib = require('node:zlib');
const [from, to] = process.argv.slice(1), bytes = fs.readFileSync(from), P = zlib.constants;
const params = { [P.BROTLI_PARAM_QUALITY]: 11, [P.BROTLI_PARAM_LGWIN]: 24, [P.BROTLI_PARAM_SIZE_HINT]: bytes.length };
fs.writeFileSync(to, zlib.brotliCompressSync(bytes, { params }));
";

/// Number of cached files: three for each result.
const MOST_KEPT: usize = 24;

/// Builds the part that reads Parquet into dist/.
pub fn build_tables(dist: &Path) -> Result<()> {
    let target = "wasm32-unknown-unknown";
    let mut cargo = process::command("cargo");
    // The program links the same crate, so it is a wasm module only here.
    cargo.args(["rustc", "--quiet", "--release", "--offline", "--package", "hone-tables", "--lib", "--target", target]);
    cargo.args(["--crate-type", "cdylib", "--", "-C", &format!("link-arg=--max-memory={TABLES_MEMORY}")]);
    process::run(&mut cargo)?;
    let built = paths::target().join(target).join("release/hone_tables.wasm");
    fs::copy(&built, dist.join(TABLES)).with_context(|| format!("{} is not built", built.display()))?;
    Ok(())
}

/// Optimizes and compresses the modules in place, at the same time, as wasm-opt uses one core; the compressed files are
/// next to them, with `.br` appended.
pub fn finish(dist: &Path) -> Result<()> {
    let kept = paths::cache().join("wasm");
    fs::create_dir_all(&kept)?;
    thread::scope(|scope| {
        let finish = |module: &'static Module| scope.spawn(|| module.finish(dist, &kept));
        let threads = MODULES.each_ref().map(finish);
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })?;
    remove_oldest(&kept)
}

impl Module {
    fn finish(&self, dist: &Path, kept: &Path) -> Result<()> {
        let raw = dist.join(self.file);
        let key = fetch::hash_of(&format!("{} {:?} {:?} {FEATURES:?}", fetch::hash(&raw)?, self.passes, alike::PASSES));
        let [wasm, names, brotli] = ["wasm", "names", "wasm.br"].map(|ending| kept.join(format!("{key}.{ending}")));
        if [&wasm, &names, &brotli].iter().any(|file| !file.exists()) {
            process::step(&format!("Optimizing and compressing the {}", self.name), || {
                wasm_opt(&raw, self.passes, &wasm)?;
                fs::write(&wasm, alike::name(&fs::read(&wasm)?)?)?;
                let mut passes = alike::PASSES.to_vec();
                passes.extend(self.short_names.then_some(short_names::PASS));
                fs::write(&names, wasm_opt(&wasm, &passes, &wasm)?)?;
                let part = brotli.with_extension("part");
                process::run(process::command("node").args(["-e", COMPRESS]).arg(&wasm).arg(&part))?;
                Ok(fs::rename(part, &brotli)?)
            })?;
        }
        if self.short_names {
            let javascript = dist.join(self.file.replace("_bg.wasm", ".js"));
            let shortened = short_names::shorten(&fs::read_to_string(&javascript)?, &fs::read_to_string(&names)?)?;
            fs::write(&javascript, shortened)?;
        }
        link(&wasm, &raw)?;
        link(&brotli, &dist.join(format!("{}.br", self.file)))
    }

    /// Sizes in bytes: uncompressed, and as brotli if it was compressed.
    pub fn sizes(&self, dist: &Path) -> Result<(u64, Option<u64>)> {
        let size = |file: PathBuf| fs::metadata(file).map(|metadata| metadata.len());
        let raw = size(dist.join(self.file)).with_context(|| format!("{} is not built", self.file))?;
        Ok((raw, size(dist.join(format!("{}.br", self.file))).ok()))
    }
}

/// Runs passes of wasm-opt and returns what they print.
fn wasm_opt(from: &Path, passes: &[&str], to: &Path) -> Result<String> {
    let stripped = ["--strip-debug", "--strip-producers"];
    process::output(process::command("wasm-opt").args(passes).args(stripped).args(FEATURES).arg(from).arg("-o").arg(to))
}

fn remove_oldest(folder: &Path) -> Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files.push((entry.metadata()?.modified()?, entry.path()));
    }
    files.sort();
    let superfluous = files.len().saturating_sub(MOST_KEPT);
    files.iter().take(superfluous).try_for_each(|(_, file)| Ok(fs::remove_file(file)?))
}
