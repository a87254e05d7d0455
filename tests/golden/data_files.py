# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes data_files/: a small table in every kind of file that is unpacked, by the tools that people use; and
data_files.json, its rows."""

import csv
import datetime
import gzip
import io
import json
import re
import sys
import tarfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import openpyxl
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


def main():
    FOLDER.mkdir(exist_ok=True)
    for name, content in [*compressed(), *spreadsheets(), *archives()]:
        (FOLDER / name).write_bytes(content)
    write_json(GOLDEN / "data_files.json", {"provenance": provenance(__file__), "rows": ROWS})


if __name__ == "__main__":
    main()
