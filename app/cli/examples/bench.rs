//! Times training steps of a synthetic model in the program `hone` and prints one JSON line: `bench SIZE STEPS`.
//! `cargo xtask bench --peers` runs it.

use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use burn::tensor::Device;
use hone_core::device_to_host::step_to_host;
use hone_core::diagnostic::Diagnostic;
use hone_core::run::BenchCase;
use hone_core::runner::BenchModel;
use mimalloc::MiMalloc;

/// The program's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [size, steps] = arguments.as_slice() else {
        eprintln!("bench takes a size and a number of steps");
        return ExitCode::FAILURE;
    };
    let (Ok(steps), (batch, len)) = (steps.parse(), if size == "smollm2" { (1, 128) } else { (8, 64) }) else {
        eprintln!("{steps} is no number of steps");
        return ExitCode::FAILURE;
    };
    let generated_tokens = 32;
    let (trainable_layers, keeps_prefix) = (None, false);
    let case = BenchCase { size: size.clone(), batch, len, steps, generated_tokens, trainable_layers, keeps_prefix };
    match pollster::block_on(measured(&case)) {
        Ok(figures) => {
            println!("{figures}");
            ExitCode::SUCCESS
        }
        Err(diagnostic) => {
            eprintln!("error: {diagnostic}");
            ExitCode::FAILURE
        }
    }
}

async fn measured(case: &BenchCase) -> Result<serde_json::Value, Diagnostic> {
    let mut bench = BenchModel::new(case, &Device::flex())?;
    let (mut wall, mut cpu, mut last) = (Vec::new(), Vec::new(), 0.0);
    for number in 0..=case.steps {
        let (begin, cpu_begin) = (Instant::now(), cpu_ms());
        let (loss, gradients) = bench.gradients(number);
        let scalars = step_to_host(gradients.step_scalars(loss)).await?;
        bench.update(gradients, scalars.squared_norm);
        wall.push(begin.elapsed().as_secs_f64() * 1e3);
        cpu.extend(cpu_ms().zip(cpu_begin).map(|(end, begin)| end - begin));
        last = scalars.loss;
    }
    let mut cpu_ms_per_token = None;
    if let Some(mut generator) = bench.generator(case.generated_tokens).await? {
        let begin = cpu_ms();
        while !generator.is_over() {
            generator.advance(bench.model()).await?;
        }
        cpu_ms_per_token = cpu_ms().zip(begin).map(|(end, begin)| (end - begin) / f64::from(case.generated_tokens));
    }
    Ok(serde_json::json!({
        "size": case.size,
        "first_step_ms": wall[0],
        "median_step_ms": median(&wall[1..]),
        "cpu_step_ms": (!cpu.is_empty()).then(|| median(&cpu[1..])),
        "cpu_ms_per_token": cpu_ms_per_token,
        "loss": last,
    }))
}

/// CPU time of this thread, on Linux.
fn cpu_ms() -> Option<f64> {
    let schedstat = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = schedstat.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e6)
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(0.0)
}
