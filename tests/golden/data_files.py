# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes data_files/: a small table in every kind of file that is unpacked, by the tools that people use; and
data_files.json, its rows."""

import csv
import datetime
import decimal
import gzip
import io
import json
import re
import sys
import tarfile
import uuid
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import openpyxl
import polars
import pyarrow
import pyarrow.parquet as parquet
import pyarrow.parquet.encryption as encryption
import zstandard
from odf import teletype
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CoveredTableCell, Table, TableCell, TableRow
from odf.text import P
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from reference import GOLDEN, provenance, write_json

FOLDER = GOLDEN / "data_files"
ROWS = [
    [text.format(nth), label]
    for nth in range(12)
    for text, label in [("so good, number {}", "pos"), ('a "dull" film\nin two lines, {}', "neg"), ("fin café {} 😀", "pos")]
]


def table():
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([["text", "label"], *ROWS])
    return out.getvalue().encode()


def json_lines():
    lines = [json.dumps({"text": text, "label": label}, ensure_ascii=False) for text, label in ROWS]
    return ("\n".join(lines) + "\n").encode()


def compressed():
    whole = table()
    half = len(whole) // 2
    yield "table.csv.gz", gzip.compress(whole, mtime=0)
    # As bgzip and `cat a.gz b.gz` write it.
    yield "members.csv.gz", b"".join(gzip.compress(part, mtime=0) for part in (whole[:half], b"", whole[half:]))
    yield "table.jsonl.zst", zstandard.ZstdCompressor(write_checksum=True, write_content_size=False).compress(json_lines())
    # As pzstd writes it: a frame to skip, then several frames.
    skipped = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"skip"
    frames = [zstandard.ZstdCompressor(level=19).compress(part) for part in (whole[:half], whole[half:])]
    yield "frames.csv.zst", skipped + frames[0] + skipped + frames[1]


def repacked(content):
    """The same zip with fixed dates, so that the same script writes the same bytes."""
    out = io.BytesIO()
    moment = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+Z?")
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            fixed = zipfile.ZipInfo(entry.filename, (2024, 1, 1, 0, 0, 0))
            fixed.compress_type = entry.compress_type
            part = old.read(entry)
            if entry.filename in ("docProps/core.xml", "meta.xml"):
                part = moment.sub(b"2024-01-01T00:00:00Z", part)
            new.writestr(fixed, part)
    return out.getvalue()


def workbook(fill):
    book = openpyxl.Workbook()
    fill(book)
    out = io.BytesIO()
    book.save(out)
    return repacked(out.getvalue())


def plain(book):
    sheet = book.active
    sheet.title = "Reviews"
    sheet.append(["text", "label"])
    for row in ROWS:
        sheet.append(row)


def odd(book):
    """Everything that a sheet may contain, on the second of four sheets."""
    book.active.title = "Empty"
    sheet = book.create_sheet("Odd cells")
    sheet["A1"] = "Survey of 2024"
    header = ["text", "label", "number", "day", "moment", "time", "flag", "percent"]
    for column, name in enumerate(header, 1):
        sheet.cell(3, column, name)
    moment = datetime.datetime(2024, 3, 5, 14, 30)
    sheet.append(["plain", "good", 3, moment.date(), moment, moment.time(), True, 0.25])
    sheet["H4"].number_format = "0%"
    sheet["A5"] = CellRichText("rich ", TextBlock(InlineFont(b=True), "bold"), " text")
    sheet["C5"] = 0.1
    sheet["A6"] = "  spaces & <tags>  "
    sheet["C6"] = 1e300
    sheet["B4"] = "merged"
    sheet.merge_cells("B4:B6")
    # A gap, a formula that no program has computed, an error, and characters that XML cannot contain.
    sheet["A20"] = "after a gap"
    sheet["B20"] = "bad"
    sheet["C20"] = "=C4+1"
    sheet["A21"] = "two\nlines_x0041_"
    sheet["B21"] = "bad"
    sheet["C21"] = "#N/A"
    sheet["XFD21"] = "far"
    book.create_sheet("Other").append(["a", "b"])
    hidden = book.create_sheet("Hidden", 0)
    hidden.append(["hidden", "hidden"])
    hidden.sheet_state = "hidden"
    book.create_chartsheet("Chart")


def old_mac(book):
    book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    sheet.append(["text", "day"])
    for day in range(1, 5):
        sheet.append([f"text number {day}", datetime.date(2024, 3, day)])


def write_only():
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Rows")
    sheet.append(["text", "label"])
    for row in ROWS:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return repacked(out.getvalue())


def ods_cell(value, **more):
    if isinstance(value, str):
        cell = TableCell(valuetype="string", **more)
        for line in value.split("\n"):
            paragraph = P()
            teletype.addTextToElement(paragraph, line)
            cell.addElement(paragraph)
        return cell
    if isinstance(value, bool):
        return TableCell(valuetype="boolean", booleanvalue=str(value).lower(), **more)
    if isinstance(value, datetime.date):
        return TableCell(valuetype="date", datevalue=value.isoformat(), **more)
    if isinstance(value, datetime.timedelta):
        return TableCell(valuetype="time", timevalue="PT36H05M00S", **more)
    return TableCell(valuetype="float", value=value, **more)


def ods(sheets):
    document = OpenDocumentSpreadsheet()
    for name, rows in sheets:
        table = Table(name=name)
        for row in rows:
            cells, more = row if isinstance(row, tuple) else (row, {})
            line = TableRow(**more)
            for cell in cells:
                line.addElement(cell if not isinstance(cell, (str, bool, int, float, datetime.date, datetime.timedelta)) else ods_cell(cell))
            table.addElement(line)
        document.spreadsheet.addElement(table)
    out = io.BytesIO()
    document.write(out)
    return repacked(out.getvalue())


def odd_ods():
    blank = TableCell(numbercolumnsrepeated=16_000)
    rows = [
        ["text", "label", "number", "day", "moment", "time", "flag"],
        ["plain", ods_cell("merged", numberrowsspanned=2), 3, datetime.date(2024, 3, 5), datetime.datetime(2024, 3, 5, 14, 30), datetime.timedelta(hours=36, minutes=5), True],
        ["two  spaces\nand two lines", CoveredTableCell(), 0.5, blank],
        ([TableCell(numbercolumnsrepeated=16_384)], {"numberrowsrepeated": 14}),
        (["repeated", "bad", TableCell(formula="of:=[.C2]+1")], {"numberrowsrepeated": 2}),
        ([TableCell(numbercolumnsrepeated=16_384)], {"numberrowsrepeated": 1_048_000}),
    ]
    return ods([("Empty", []), ("Odd cells", rows), ("Other", [["a", "b"]])])


def spreadsheets():
    yield "table.xlsx", workbook(plain)
    yield "write_only.xlsx", write_only()
    yield "odd.xlsx", workbook(odd)
    yield "year1904.xlsx", workbook(old_mac)
    yield "table.ods", ods([("Reviews", [["text", "label"], *ROWS])])
    yield "odd.ods", odd_ods()


def review_folders():
    """The layout of aclImdb, with a text in Latin-1 and a file that is no text."""
    yield "reviews/README", b"About these reviews.\n"
    for split in ("train", "test"):
        yield f"reviews/{split}/urls.txt", b"https://example.org\n"
        for label in ("neg", "pos"):
            for nth in range(4):
                yield f"reviews/{split}/{label}/{nth}_7.txt", f"A {label} review for {split}, number {nth}.\nIn two lines.\n".encode()
    yield "reviews/train/pos/4_8.txt", "Très bien, un café très agréable à côté.\n".encode("latin-1")
    yield "reviews/train/neg/" + 110 * "long" + ".txt", b"A long name.\n"
    yield "reviews/train/neg/photo.txt", b"\x89PNG\r\n\x1a\n"
    yield "reviews/train/unsup/0_0.txt", b"Without a label.\n"


def tables():
    half = len(ROWS) // 2
    parts = {"train": ROWS[:half], "test": ROWS[half:]}
    yield "archive/README.md", b"# Tables\n"
    for name, rows in parts.items():
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([["text", "label"], *rows])
        yield f"archive/{name}.csv", out.getvalue().encode()
    yield "archive/book.xlsx", workbook(plain)
    yield "archive/packed.csv.gz", gzip.compress(table(), mtime=0)
    yield "__MACOSX/archive/._train.csv", b"\x00\x05\x16\x07"
    yield "archive/.DS_Store", b"\x00"


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("a folder")
        for name, content in files:
            archive.writestr(name, content)
    return repacked(out.getvalue())


def tarred(files, form):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        folder = tarfile.TarInfo("./reviews")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def archives():
    yield "tables.zip", zipped(tables())
    yield "folders.zip", zipped(review_folders())
    yield "folders.tar.gz", gzip.compress(tarred(review_folders(), tarfile.PAX_FORMAT), mtime=0)
    yield "folders.tar.zst", zstandard.ZstdCompressor().compress(tarred(review_folders(), tarfile.GNU_FORMAT))
    yield "tables.tgz", gzip.compress(tarred(tables(), tarfile.USTAR_FORMAT), mtime=0)


def written(columns, **how):
    out = io.BytesIO()
    parquet.write_table(columns if isinstance(columns, pyarrow.Table) else pyarrow.table(columns), out, **how)
    return out.getvalue()


def typed():
    """A value of every kind, and a row without values."""
    utc = datetime.timezone.utc
    moment = datetime.datetime(2024, 3, 5, 14, 30, 0, 120000)
    columns = {
        "text": pyarrow.array(["plain", None]),
        "label": pyarrow.array(["good", None]).dictionary_encode(),
        "day": pyarrow.array([datetime.date(2024, 3, 5), None]),
        "millis": pyarrow.array([moment, None], pyarrow.timestamp("ms")),
        "micros": pyarrow.array([moment.replace(tzinfo=utc), None], pyarrow.timestamp("us", "UTC")),
        "nanos": pyarrow.array([moment, None], pyarrow.timestamp("ns")),
        "time": pyarrow.array([datetime.time(14, 30), None], pyarrow.time32("ms")),
        "clock": pyarrow.array([datetime.time(14, 30, 0, 5), None], pyarrow.time64("ns")),
        "price": pyarrow.array([decimal.Decimal("-12.30"), None], pyarrow.decimal128(9, 2)),
        "flag": pyarrow.array([True, None]),
        "small": pyarrow.array([-1, None], pyarrow.int8()),
        "large": pyarrow.array([2**64 - 1, None], pyarrow.uint64()),
        "half": pyarrow.array([0.5, None], pyarrow.float16()),
        "single": pyarrow.array([0.1, None], pyarrow.float32()),
        "double": pyarrow.array([1e300, float("nan")]),
        "list": pyarrow.array([[1, None, 3], None]),
        "nested": pyarrow.array([[["a"], []], None]),
        "struct": pyarrow.array([{"a": 1, "b": {"c": "x"}}, {"a": None, "b": None}]),
        "map": pyarrow.array([[("k", 1)], None], pyarrow.map_(pyarrow.string(), pyarrow.int32())),
        "id": pyarrow.array([uuid.UUID("12345678-1234-5678-1234-567812345678").bytes, None], pyarrow.uuid()),
        "bytes": pyarrow.array([b"\xff\xfe", None]),
        "image": pyarrow.array([{"bytes": b"\x89PNG", "path": "a.png"}, None]),
        "images": pyarrow.array([[b"\x89PNG"], None]),
        "__index_level_0__": pyarrow.array([7, 8]),
    }
    return pyarrow.table(columns)


def labeled():
    """As the datasets library writes it: labels are indices of names, which are in the file's metadata."""
    names = {"names": ["neg", "pos"], "_type": "ClassLabel"}
    tags = {"feature": {"names": ["O", "B-PER"], "_type": "ClassLabel"}, "_type": "Sequence"}
    features = {"text": {"dtype": "string", "_type": "Value"}, "label": names, "ner_tags": tags}
    words = [text.split() for text, _ in ROWS]
    columns = {
        "text": [text for text, _ in ROWS],
        "label": [["neg", "pos"].index(label) for _, label in ROWS],
        "ner_tags": [[nth % 2 for nth in range(len(row))] for row in words],
        "tokens": words,
    }
    return pyarrow.table(columns).replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})


class Keys(encryption.KmsClient):
    """Keeps keys as they are."""

    def __init__(self, config):
        super().__init__()

    def wrap_key(self, key, name):
        return key.hex().encode()

    def unwrap_key(self, wrapped, name):
        return bytes.fromhex(wrapped.decode())


def encrypted(plaintext_footer):
    factory = encryption.CryptoFactory(Keys)
    config = encryption.EncryptionConfiguration(
        footer_key="footer", column_keys={"column": ["label"]}, plaintext_footer=plaintext_footer
    )
    properties = factory.file_encryption_properties(encryption.KmsConnectionConfig(), config)
    return written(rows_of_columns(), encryption_properties=properties)


def rows_of_columns():
    return {"text": [text for text, _ in ROWS], "label": [label for _, label in ROWS]}


def parquets():
    rows = rows_of_columns()
    yield "table.parquet", written(rows)
    for codec in ("none", "gzip", "lz4", "brotli"):
        yield f"{codec}.parquet", written(rows, compression=codec)
    out = io.BytesIO()
    polars.DataFrame(rows).write_parquet(out, row_group_size=10, data_page_size=100)
    yield "polars.parquet", out.getvalue()
    yield "version2.parquet", written(rows, data_page_version="2.0", row_group_size=7, use_dictionary=False)
    yield "typed.parquet", written(typed(), store_schema=False)
    yield "labeled.parquet", written(labeled())
    turns = [
        [{"role": "user", "content": text, "name": None}, {"role": "assistant", "content": label, "name": None}]
        for text, label in ROWS
    ]
    yield "chat.parquet", written({"messages": turns})
    yield "zero.parquet", written({name: values[:0] for name, values in rows.items()})
    yield "bytes.parquet", written({"image": [b"\x89PNG", b"\xff"]})
    yield "encrypted.parquet", encrypted(plaintext_footer=False)
    yield "encrypted_column.parquet", encrypted(plaintext_footer=True)
    wide = written({f"column {nth}": [nth] for nth in range(1_001)}, store_schema=False, compression="none")
    yield "wide.parquet.gz", gzip.compress(wide, mtime=0)


def main():
    FOLDER.mkdir(exist_ok=True)
    for name, content in [*compressed(), *spreadsheets(), *archives(), *parquets()]:
        (FOLDER / name).write_bytes(content)
    write_json(GOLDEN / "data_files.json", {"provenance": provenance(__file__), "rows": ROWS})


if __name__ == "__main__":
    main()
