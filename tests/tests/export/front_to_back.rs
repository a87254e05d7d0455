//! The zip of an export is read from front to back, as by those that unpack while they download.

use flate2::bufread::DeflateDecoder;

use super::*;

/// Signatures, method and flag of the format (APPNOTE.TXT).
const FILE: u64 = 0x0403_4b50;
const DESCRIPTOR: u64 = 0x0807_4b50;
const DEFLATED: u64 = 8;
const HAS_DESCRIPTOR: u64 = 8;

/// Takes a number from the front.
fn number(bytes: &mut &[u8], length: usize) -> u64 {
    let (number, rest) = bytes.split_at(length);
    *bytes = rest;
    number.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

#[test]
fn a_zip_is_unpacked_without_its_list_of_files() {
    let export = Untrained::new(&golden("micro_bert"), Task::Classification, Pooling::Mean, &["a", "b"]);
    let zip = export.zipped(RecipeSpec::default(), ExportForm::Model, ExportDtype::Float32);
    let (mut rest, mut found) = (&zip[..], Files::new());
    while rest[..4] == FILE.to_le_bytes()[..4] {
        let [_, _, flags, method, _, _] = [4, 2, 2, 2, 2, 2].map(|length| number(&mut rest, length));
        let [_, _, _, name, extra] = [4, 4, 4, 2, 2].map(|length| number(&mut rest, length) as usize);
        assert_eq!(
            (flags & HAS_DESCRIPTOR, method),
            (HAS_DESCRIPTOR, DEFLATED),
            "only deflated bytes say where they end"
        );
        let name = String::from_utf8(rest[..name].to_vec()).unwrap();
        rest = &rest[name.len() + extra..];
        let (before, mut bytes) = (rest.len(), Vec::new());
        DeflateDecoder::new(&mut rest).read_to_end(&mut bytes).unwrap();
        let packed = (before - rest.len()) as u64;
        let descriptor = [4; 4].map(|length| number(&mut rest, length));
        assert_eq!(descriptor, [DESCRIPTOR, crc32fast::hash(&bytes).into(), packed, bytes.len() as u64], "{name}");
        found.insert(name, bytes);
    }
    assert_eq!(found, export.files());
}
