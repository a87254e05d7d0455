//! No untrusted file makes a reader panic, hang or exhaust the memory.
//!
//! Each reader gets mutated files for a second; `cargo xtask fuzz MINUTES` runs longer. The same seed gives the same
//! files. An input that fails is kept, and its path is in the message.

mod checkpoint;
mod mutate;
mod targets;
mod whole_files;

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hone_tests::{CountingAllocator, peak_memory};
use mutate::{Random, mutate};
use targets::{TARGETS, Target};

/// Maximum time on the processor for a file of at most 256 KB, hardly optimized. A sheet that repeats a row a million times, as
/// often as a sheet can, takes 11 seconds to read twice.
const MAX_TIME: Duration = Duration::from_secs(20);
/// Time after which a reader counts as hanging.
const HANGS_AFTER: Duration = Duration::from_secs(120);
/// Maximum memory for one file, in bytes.
const MAX_ALLOCATED: usize = 512 << 20;
/// Maximum number of seeds of a reader; inputs with new outcomes are added.
const MAX_SEEDS: usize = 400;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Start of the run in progress, in milliseconds after the first one, plus one; 0 between runs.
static RUNNING_SINCE: AtomicU64 = AtomicU64::new(0);

fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_millis() as u64 + 1
}

/// Ends the process if a reader hangs, as nothing else can.
fn watch(folder: PathBuf) {
    thread::spawn(move || {
        loop {
            thread::sleep(Duration::from_secs(1));
            let since = RUNNING_SINCE.load(Ordering::Relaxed);
            if since != 0 && now().saturating_sub(since) > HANGS_AFTER.as_millis() as u64 {
                eprintln!(
                    "a reader hangs; its file is the one that is still being read: {}/*.running",
                    folder.display()
                );
                process::exit(1);
            }
        }
    });
}

/// Time that this thread has spent on a processor, so that a busy machine makes no file slow; elapsed time on systems
/// without /proc.
fn processor_time() -> Duration {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = statistics.and_then(|line| line.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| Duration::from_millis(now()), Duration::from_nanos)
}

/// Reads a file once; the error describes what went wrong.
fn read_once(target: &Target, bytes: &[u8]) -> Result<String, String> {
    RUNNING_SINCE.store(now(), Ordering::Relaxed);
    let start = processor_time();
    let (outcome, allocated) = peak_memory(|| catch_unwind(AssertUnwindSafe(|| (target.run)(bytes))));
    let time = processor_time().saturating_sub(start);
    RUNNING_SINCE.store(0, Ordering::Relaxed);
    match outcome {
        Err(_) => Err("panics".to_owned()),
        Ok(_) if time > MAX_TIME => Err(format!("takes {:.1} s", time.as_secs_f64())),
        Ok(_) if allocated > MAX_ALLOCATED => Err(format!("takes {} MB of memory", allocated >> 20)),
        Ok(outcome) => Ok(outcome),
    }
}

/// An outcome without the numbers and names of one file.
fn kind_of(outcome: &str) -> String {
    let quoted = outcome.split('"').step_by(2).collect::<String>();
    quoted.chars().filter(|c| c.is_ascii_alphabetic()).take(80).collect()
}

/// Replaces the contents of a file, which is open because opening it again is slow on some systems.
fn keep(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.rewind()?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)
}

/// Feeds mutated files to a reader for some time; returns their number. `folder` keeps the file being read, and those
/// that fail.
fn fuzz(target: &Target, time: Duration, seed: u64, folder: &Path) -> Result<usize, String> {
    fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    // If the process dies, this file is the cause.
    let running = folder.join(format!("{}.running", target.name));
    let mut file = File::create(&running).map_err(|error| error.to_string())?;
    let (mut random, mut seeds, mut outcomes) = (Random(seed), (target.seeds)(), HashSet::new());
    let (start, mut count, own) = (Instant::now(), 0, seeds.len());
    while start.elapsed() < time || count < own {
        let bytes = if count < own {
            seeds[count].clone()
        } else {
            let (one, other) = (random.below(seeds.len()), random.below(seeds.len()));
            mutate(&mut random, &seeds[one], &seeds[other])
        };
        keep(&mut file, &bytes).map_err(|error| error.to_string())?;
        count += 1;
        match read_once(target, &bytes) {
            Ok(outcome) => {
                if seeds.len() < MAX_SEEDS && outcomes.insert(kind_of(&outcome)) {
                    seeds.push(bytes);
                }
            }
            Err(what) => {
                let kept = folder.join(format!("{}-{seed}-{count}.failed", target.name));
                fs::rename(&running, &kept).map_err(|error| error.to_string())?;
                return Err(format!("{}: {} {what}", target.name, kept.display()));
            }
        }
    }
    fs::remove_file(&running).map_err(|error| error.to_string())?;
    Ok(count)
}

fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn folder() -> PathBuf {
    setting("HONE_FUZZ_OUT").map_or_else(|| std::env::temp_dir().join("hone-fuzz"), PathBuf::from)
}

#[test]
fn no_file_makes_a_reader_panic_or_take_long() {
    let minutes = setting("HONE_FUZZ_MINUTES").map(|minutes| minutes.parse::<f64>().expect("minutes"));
    let seconds = minutes.map_or(1.0, |minutes| minutes * 60.0 / TARGETS.len() as f64);
    let seed = setting("HONE_FUZZ_SEED").map_or(1, |seed| seed.parse().expect("a seed"));
    let only = setting("HONE_FUZZ_TARGET");
    let mut failed = Vec::new();
    watch(folder());
    for target in TARGETS.iter().filter(|target| only.as_deref().is_none_or(|name| name == target.name)) {
        match fuzz(target, Duration::from_secs_f64(seconds), seed, &folder()) {
            Ok(count) => println!("{}: {count} files", target.name),
            Err(what) => {
                println!("{what}");
                failed.push(what);
            }
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}

#[test]
fn a_reader_that_panics_is_found_and_its_file_is_kept() {
    let run = |bytes: &[u8]| {
        assert!(!bytes.contains(&b'!'));
        String::new()
    };
    let target = Target { name: "panics", seeds: || vec![b"hello!".to_vec()], run };
    let folder = folder().join("checks");
    let what = fuzz(&target, Duration::ZERO, 1, &folder).expect_err("a failure");
    assert!(what.ends_with("panics"), "{what}");
    assert_eq!(fs::read(folder.join("panics-1-1.failed")).expect("the file"), b"hello!");
}

#[test]
fn the_same_seed_gives_the_same_files() {
    let files = |seed| {
        let mut random = Random(seed);
        (0..200).map(|_| mutate(&mut random, b"{\"a\": [1, 2]}", b"x,y\n1,2\n")).collect::<Vec<_>>()
    };
    assert_eq!(files(3), files(3));
    assert_ne!(files(3), files(4));
    assert!(files(3).into_iter().collect::<HashSet<_>>().len() > 150);
}
