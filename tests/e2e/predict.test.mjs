// A file whose rows are predicted: the real engine with a micro model, on the CPU, and the program with its export.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { finished, start } from "./fake.mjs";
import { assertAccessible, fileOf, out, screenshot, withPage } from "./harness.mjs";
import { microTexts, withMicroModel } from "./micro.mjs";
import { MINUTE, computeOn } from "./real.mjs";

const run = promisify(execFile);

/** A tar archive with these files. */
function tarOf(files) {
  const blocks = files.flatMap(([name, bytes]) => {
    const header = Buffer.alloc(512);
    header.write(name);
    header.write(`0000644\u00000000000\u00000000000\u0000${bytes.length.toString(8).padStart(11, "0")}\u000000000000000\u0000        0`, 100);
    header.write("ustar\u000000", 257);
    const sum = header.reduce((sum, byte) => sum + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\u0000 `, 148);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** Opens a file to predict, and waits until it has been read. */
async function open(page, file) {
  await page.getByLabel("Choose rows to predict").setInputFiles(file);
  await page.getByRole("button", { name: "Predict all rows" }).locator("visible=true").waitFor();
}

/** Predicts all rows, and returns the text of the file that is downloaded. */
async function predicted(page) {
  const downloads = page.waitForEvent("download");
  await page.getByRole("button", { name: "Predict all rows" }).click();
  const download = await downloads;
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}

test("every row of a file is predicted, in the page and by the program with the exported model", async () => {
  const folder = join(out, "predict");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const words = Array.from({ length: 40 }, (_, row) => `w${10 + row} ${row % 2 ? "w6" : "w5"} w${50 - row}`);
  const rows = words.map((text, row) => `${row},"note, ${row}",${row === 7 ? "" : text}`);
  const csv = `id,note,text\n${rows.join("\n")}\n`;
  await withPage(async (page) => {
    page.setDefaultTimeout(2 * MINUTE);
    await withMicroModel(page);
    await computeOn(page, "CPU");
    await page.getByLabel("Choose a file").setInputFiles(microTexts(160));
    await page.getByText("Loaded: 2 layers").waitFor();
    await start(page);
    await finished(page);

    await open(page, fileOf("new.csv", csv));
    assert.equal(await page.locator(".table-prediction").getByLabel("Text column").inputValue(), "2");
    const inPage = await predicted(page);
    assert.equal(inPage.name, "new-predicted.csv");
    const lines = inPage.text.trimEnd().split("\n");
    assert.equal(lines[0], "id,note,text,prediction,probability,margin");
    assert.equal(lines.length, 41);
    assert.equal(lines[8], '7,"note, 7",,,,');
    const labels = lines.slice(1).map((line) => line.split(",").at(-3));
    const right = labels.filter((label, row) => label === (row % 2 ? "six" : "five")).length;
    assert(right >= 36, `${right} of 39 are right`);
    await page.getByText("39 rows are predicted. new-predicted.csv is in your downloads.").waitFor();
    await page.getByText("1 row was left without a prediction: a text is empty.").waitFor();
    await assertAccessible(page);
    await screenshot(page, "predicted");

    const downloads = page.waitForEvent("download");
    await page.getByRole("button", { name: /^Download model/ }).click();
    await (await downloads).saveAs(join(folder, "model.zip"));
    await writeFile(join(folder, "new.csv"), csv);
    const arguments_ = [join(folder, "model.zip"), "--data", join(folder, "new.csv"), "--out", join(folder, "program.csv")];
    const { stderr } = await run(process.env.HONE_CLI, ["predict", ...arguments_]);
    assert.match(stderr, /Reads the texts in the column "text"/);
    const inProgram = (await readFile(join(folder, "program.csv"), "utf8")).trimEnd().split("\n");
    assert.equal(inProgram.length, lines.length);
    for (const [row, line] of lines.entries()) {
      const [own, other] = [line, inProgram[row]].map((line) => line.split(","));
      assert.deepEqual(other.slice(0, -2), own.slice(0, -2));
      const apart = own.slice(-2).map((cell, i) => Math.abs(Number(cell) - Number(other.at(i - 2))));
      if (row > 0) assert(Math.max(...apart) < 1e-3, `${line} and ${inProgram[row]}`);
    }

    // As JSON Lines, from a spreadsheet's text, and a file that cannot be read leaves the page as it is.
    await page.getByLabel("Result as").selectOption("JSON Lines");
    const asLines = await predicted(page);
    assert.equal(asLines.name, "new-predicted.jsonl");
    const objects = asLines.text.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(objects.map(({ prediction }) => prediction ?? ""), labels);
    await page.getByLabel("Choose rows to predict").setInputFiles(fileOf("image.png", "\u0089PNG\r\n\u001a\n\0\0", "image/png"));
    await page.locator(".table-prediction .problem").waitFor();
    await page.getByText("Result on the validation rows").waitFor();

    // Parquet, through a module of its own. The reader panics at this byte, which ends the module and nothing else.
    const parquet = await readFile(new URL("../golden/data_files/table.parquet", import.meta.url));
    const damaged = Buffer.from(parquet);
    damaged[560] ^= 0xff;
    const named = (name, buffer) => ({ name, mimeType: "", buffer });
    await page.getByLabel("Choose a file").setInputFiles(named("damaged.parquet", damaged));
    await page.getByText(`"damaged.parquet" is damaged: its table cannot be read (its reader stopped).`).waitFor();
    await page.getByText("160 rows can be used").waitFor();
    await open(page, named("rows.parquet", parquet));
    const ofParquet = await predicted(page);
    assert.equal(ofParquet.name, "rows-predicted.jsonl");
    const found = ofParquet.text.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.equal(found.length, 36);
    assert.deepEqual(Object.keys(found[2]), ["text", "label", "prediction", "probability", "margin"]);
    assert.equal(found[2].text, "fin café 0 😀");
    assert(found.every(({ prediction }) => prediction === "five" || prediction === "six"));
    await writeFile(join(folder, "rows.parquet"), parquet);
    const parquetArguments = [join(folder, "model.zip"), "--data", join(folder, "rows.parquet"), "--out", join(folder, "rows.jsonl")];
    await run(process.env.HONE_CLI, ["predict", ...parquetArguments]);
    const byProgram = (await readFile(join(folder, "rows.jsonl"), "utf8")).trimEnd().split("\n");
    assert.deepEqual(byProgram.map((line) => JSON.parse(line).prediction), found.map(({ prediction }) => prediction));

    // A spreadsheet, of which another sheet can be chosen.
    await page.getByLabel("Choose rows to predict").setInputFiles(new URL("../golden/data_files/odd.xlsx", import.meta.url).pathname);
    await page.getByText(/^odd\.xlsx: \d+ rows$/).waitFor();
    await page.locator(".table-prediction").getByLabel("Sheet").selectOption("Other");
    await page.getByText("odd.xlsx: 1 row", { exact: true }).waitFor();

    // As data, from which another model could be trained.
    await page.getByLabel("Choose a file").setInputFiles(named("rows.parquet", parquet));
    await page.getByText("36 rows · Parquet").waitFor();
    await page.getByText("36 rows can be used").waitFor();

    // In an archive, of which another file can be chosen.
    const files = [["set/other.parquet", parquet], ["set/train.parquet", parquet]];
    await page.getByLabel("Choose a file").setInputFiles(named("set.tar.gz", gzipSync(tarOf(files))));
    await page.getByText("36 rows · Parquet · unpacked from gzip").first().waitFor();
    const menu = page.getByLabel("File in the archive").first();
    assert.equal(await menu.inputValue(), "set/train.parquet");
    await menu.selectOption("set/other.parquet");
    await page.waitForFunction(() => document.querySelector(".part select").value === "set/other.parquet");
    await page.getByText("36 rows can be used").waitFor();
    const broken = gzipSync(tarOf([["broken.parquet", damaged]]));
    await page.getByLabel("Choose a file").setInputFiles(named("broken.tar.gz", broken));
    await page.getByText(`"broken.parquet" is damaged: its table cannot be read (its reader stopped).`).waitFor();
  });
});
