//! Rows as lines of JSON.

use parquet::record::{Field, Row};
use serde::Serialize;

use crate::calendar::{date, moment, time};
use crate::columns::Kind;

const NANOS_PER_MICRO: i128 = 1_000;
const NANOS_PER_MILLI: i128 = 1_000_000;

/// Where an object is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    /// The first row, which has all columns: what has no value is `null`.
    FirstRow,
    /// Another row, which leaves out what has no value.
    Row,
    /// Within a row; the datasets library gives a struct the members of all rows, so nulls are left out here too.
    Cell,
}

/// Writes a row as an object.
pub(crate) fn write_row(row: &Row, kind: &Kind, position: Position, out: &mut Vec<u8>) {
    out.push(b'{');
    let begin = out.len();
    for (index, (name, field)) in row.get_column_iter().enumerate() {
        // The members of a struct become columns: without one it would be a column itself.
        let is_struct = matches!(kind.field(index), Kind::Struct(_));
        if is_null(field) && (position != Position::FirstRow || is_struct) {
            continue;
        }
        if out.len() > begin {
            out.push(b',');
        }
        write(name, out);
        out.push(b':');
        match field {
            // Members of a cell become columns, and a map has others in each row.
            Field::MapInternal(_) if position != Position::Cell => {
                let mut map = Vec::new();
                write_field(field, kind.field(index), &mut map);
                write(&String::from_utf8_lossy(&map), out);
            }
            _ => write_field(field, kind.field(index), out),
        }
    }
    out.push(b'}');
}

/// Returns true for a null, and for a struct of nothing else.
fn is_null(field: &Field) -> bool {
    match field {
        Field::Null => true,
        Field::Group(row) => row.get_column_iter().all(|(_, member)| is_null(member)),
        _ => false,
    }
}

fn write_field(field: &Field, kind: &Kind, out: &mut Vec<u8>) {
    match (field, kind) {
        (Field::Int(index), Kind::Names(names)) => write_name(i64::from(*index), names, out),
        (Field::Long(index), Kind::Names(names)) => write_name(*index, names, out),
        (Field::Byte(index), Kind::Names(names)) => write_name(i64::from(*index), names, out),
        (Field::Short(index), Kind::Names(names)) => write_name(i64::from(*index), names, out),
        (Field::Long(nanos), Kind::Nanoseconds) => write(&moment(i128::from(*nanos)), out),
        (Field::Long(nanos), Kind::TimeOfDay) => write(&time(i128::from(*nanos)), out),
        (Field::Bytes(bytes), Kind::Uuid) => write(&uuid(bytes.data()), out),
        (Field::Null, _) => out.extend(b"null"),
        (Field::Bool(value), _) => write(value, out),
        (Field::Byte(value), _) => write(value, out),
        (Field::Short(value), _) => write(value, out),
        (Field::Int(value), _) => write(value, out),
        (Field::Long(value), _) => write(value, out),
        (Field::UByte(value), _) => write(value, out),
        (Field::UShort(value), _) => write(value, out),
        (Field::UInt(value), _) => write(value, out),
        (Field::ULong(value), _) => write(value, out),
        // JSON has neither NaN nor infinity; serde_json writes null.
        (Field::Float16(value), _) => write(&value.to_f32(), out),
        (Field::Float(value), _) => write(value, out),
        (Field::Double(value), _) => write(value, out),
        // As text, which keeps all digits.
        (Field::Decimal(_), _) => write(&field.to_string(), out),
        (Field::Str(value), _) => write(value, out),
        (Field::Bytes(bytes), _) => write(&String::from_utf8_lossy(bytes.data()), out),
        (Field::Date(days), _) => write(&date(i64::from(*days)), out),
        (Field::TimeMillis(millis), _) => write(&time(i128::from(*millis) * NANOS_PER_MILLI), out),
        (Field::TimeMicros(micros), _) => write(&time(i128::from(*micros) * NANOS_PER_MICRO), out),
        (Field::TimestampMillis(millis), _) => write(&moment(i128::from(*millis) * NANOS_PER_MILLI), out),
        (Field::TimestampMicros(micros), _) => write(&moment(i128::from(*micros) * NANOS_PER_MICRO), out),
        (Field::Group(row), kind) => write_row(row, kind, Position::Cell, out),
        (Field::ListInternal(list), kind) => {
            out.push(b'[');
            for (index, element) in list.elements().iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_field(element, kind.element(), out);
            }
            out.push(b']');
        }
        (Field::MapInternal(map), kind) => {
            out.push(b'{');
            for (index, (key, value)) in map.entries().iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                match key {
                    Field::Str(key) => write(key, out),
                    other => write(&other.to_string(), out),
                }
                out.push(b':');
                write_field(value, kind.element(), out);
            }
            out.push(b'}');
        }
    }
}

/// A label by its index; -1 is "no label".
fn write_name(index: i64, names: &[String], out: &mut Vec<u8>) {
    match usize::try_from(index).ok().map(|index| names.get(index)) {
        Some(Some(name)) => write(name, out),
        Some(None) => write(&index, out),
        None => out.extend(b"null"),
    }
}

fn uuid(bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

/// Writes a value of JSON.
fn write(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
    // Neither memory nor these types can fail.
    let _ = serde_json::to_writer(out, value);
}
