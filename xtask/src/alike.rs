//! The order of a wasm module's functions: each next to the one that it shares most code with, as compilers write the same code
//! again for each type. Compressed, the page is 11 KB smaller and the worker 129 KB.

use std::collections::HashMap;
use std::mem::take;

use anyhow::{Context, Result, ensure};

/// Passes of wasm-opt that put functions into the order of their names, and keep the code as small as it was.
pub const PASSES: [&str; 2] = ["--shrink-level=1", "--reorder-functions-by-name"];

/// Number of bytes that are compared at a time: about one instruction with its operand.
const RUN: usize = 4;

/// Code in more functions than this says little about any, and would take most of the time.
const MOST: usize = 2000;

/// Sections of a module.
const CUSTOM: u8 = 0;
const IMPORTS: u8 = 2;
const CODE: u8 = 10;

/// Adds names, by which wasm-opt sorts like functions next to each other, to a module without names.
///
/// # Errors
/// If the module is cut, or imports something other than functions.
pub fn name(module: &[u8]) -> Result<Vec<u8>> {
    let mut reader = Reader(module.get(8..).context("not a module")?);
    let (mut imported, mut functions) = (0, Vec::new());
    while !reader.0.is_empty() {
        let (section, mut content) = (reader.byte()?, reader.block()?);
        match section {
            IMPORTS => {
                imported = content.number()?;
                for _ in 0..imported {
                    content.block()?;
                    content.block()?;
                    ensure!(content.byte()? == 0, "an import that is no function");
                    content.number()?;
                }
            }
            CODE => functions = (0..content.number()?).map(|_| Ok(content.block()?.0)).collect::<Result<_>>()?,
            _ => {}
        }
    }
    let mut places = vec![0; functions.len()];
    order(&functions).into_iter().enumerate().for_each(|(place, function)| places[function] = place);
    let mut names = Vec::new();
    write(&mut names, functions.len());
    for (function, place) in places.into_iter().enumerate() {
        write(&mut names, imported + function);
        write_block(&mut names, format!("{place:08}").as_bytes());
    }
    let mut section = Vec::new();
    write_block(&mut section, b"name");
    section.push(1);
    write_block(&mut section, &names);
    let mut named = module.to_vec();
    named.push(CUSTOM);
    write_block(&mut named, &section);
    Ok(named)
}

/// Begins with the first function, and goes on with the one that has the largest share of its code in the one before it.
fn order(functions: &[&[u8]]) -> Vec<usize> {
    let mut found_in: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (function, code) in functions.iter().enumerate() {
        for run in code.windows(RUN) {
            let found = found_in.entry(run).or_default();
            if found.last() != Some(&function) {
                found.push(function);
            }
        }
    }
    // Those of each function, by their place in the list.
    let mut runs = vec![Vec::new(); functions.len()];
    let in_several = |found: &Vec<usize>| (2..=MOST).contains(&found.len());
    let mut found_in: Vec<Vec<usize>> = found_in.into_values().filter(in_several).collect();
    for (run, found) in found_in.iter().enumerate() {
        found.iter().for_each(|&function| runs[function].push(run));
    }
    let (mut order, mut placed) = (Vec::new(), vec![false; functions.len()]);
    let (mut shared, mut candidates) = (vec![0; functions.len()], Vec::new());
    let mut rest = 0..functions.len();
    while let Some(mut next) = rest.find(|&function| !placed[function]) {
        loop {
            order.push(next);
            placed[next] = true;
            for &run in &runs[next] {
                found_in[run].retain(|&function| {
                    if function == next {
                        return false;
                    }
                    if shared[function] == 0 {
                        candidates.push(function);
                    }
                    shared[function] += 1;
                    true
                });
            }
            let of_all = |function: usize, shared: u32| f64::from(shared) / runs[function].len() as f64;
            let shares = candidates.drain(..).map(|function| (function, of_all(function, take(&mut shared[function]))));
            match shares.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))) {
                Some((most, _)) => next = most,
                None => break,
            }
        }
    }
    order
}

/// Reads a module from its beginning.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8> {
        let (&byte, rest) = self.0.split_first().context("the module is cut")?;
        self.0 = rest;
        Ok(byte)
    }

    fn number(&mut self) -> Result<usize> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        anyhow::bail!("a number of more than 32 bits")
    }

    fn block(&mut self) -> Result<Self> {
        let length = self.number()?;
        let (block, rest) = self.0.split_at_checked(length).context("the module is cut")?;
        self.0 = rest;
        Ok(Self(block))
    }
}

fn write(to: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn write_block(to: &mut Vec<u8>, block: &[u8]) {
    write(to, block.len());
    to.extend(block);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_function_is_next_to_the_one_that_it_shares_most_with() {
        let functions: [&[u8]; 4] = [b"abcdefgh", b"12345678", b"abcdefxy", b"12345699"];
        assert_eq!(order(&functions), [0, 2, 1, 3]);
    }

    #[test]
    fn names_are_added_behind_those_of_the_imports() {
        let imports = [IMPORTS, 7, 1, 1, b'a', 1, b'b', 0, 0];
        let code = [CODE, 5, 1, 3, 0, 1, 0x0b];
        let module = [b"\0asm\x01\0\0\0".as_slice(), &imports, &code].concat();
        let names = [[CUSTOM, 18, 4].as_slice(), b"name", &[1, 11, 1, 1, 8], b"00000000"].concat();
        assert_eq!(name(&module).unwrap(), [module.clone(), names].concat());
        assert!(name(&module[..module.len() - 1]).is_err());
    }
}
