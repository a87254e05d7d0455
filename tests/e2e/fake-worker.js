// Answers the page like the real worker, but immediately and always in the same way, so that the page itself can be
// tested in seconds. `self.scenario` (set in a line before this file) selects a failure: "silent": no events once a run
// has begun; "dies": throws during a run; "no-gpu": computes on the CPU; "broken-file": cannot read the data;
// "broken-model": cannot read the model; "not-finite": the run ends with numbers that are not finite; "device-failed":
// the device is lost during a run; "rejects": no run after the first can start; "too-large": a batch of more than 4
// rows does not fit; "no-estimate": cannot estimate a run; "no-rate": finds no learning rate; "storage-full": cannot
// keep a model; "damaged-model": a kept model is damaged. In all scenarios a .png is not a table, a .zip is a
// model, and the user's own files have no weights.

const LABELS = ["fresh", "rotten"];
const TEXTS = ["A quiet triumph.", "Two hours I will not get back.", "<b>bold</b>\u202e & \u0000odd", "Warm and funny."];
const STEPS = 120;
const BASELINE = { prediction: "fresh", scores: { accuracy: 0.58, macro_f1: 0.367 } };

/** Number of the request that is being answered; later answers set it again. */
let request = null;

/** Sends an event in serde's format for an enum: an object with its fields under its name, or just its name. */
const emit = ({ kind, ...fields }, blob) => {
  self.postMessage({ request, message: Object.keys(fields).length ? { [kind]: fields } : kind, blob });
};
const diagnostic = (code, what, done, remedy) => ({ code, what, done, remedy });

/** The script for the opened file's task (fake-tasks.js); undefined for classification. */
let task = {};
let writing = null;
let run = null;
let search = null;
/** Number of searches for the nearest training rows. */
let searches = 0;
let trials = null;
let report = null;
/** Number of the request that `report` answers. */
let mapped = null;
let model = null;
/** The kept models. */
let kept = [];
const listKept = () => self.postMessage({ message: { tuned_models: { models: kept } } });

/** The parameter groups of all-MiniLM-L6-v2: hidden size 384, 6 layers. */
const minilmGroups = () => {
  const linear = ([target, inputs, outputs]) => ({ target, inputs, outputs });
  const linears = [
    ["query", 384, 384],
    ["key", 384, 384],
    ["value", 384, 384],
    ["attention_output", 384, 384],
    ["intermediate", 384, 1536],
    ["output", 1536, 384],
  ].map(linear);
  return [
    { group: "embeddings", parameters: 11_918_592, linears: [] },
    ...Array.from({ length: 6 }, (_, i) => ({ group: `layer.${i}`, parameters: 1_774_464, linears })),
    { group: "pooler", parameters: 147_840, linears: [] },
  ];
};

const answers = {
  hello({ device }) {
    const cpu = device === "cpu" || self.scenario === "no-gpu";
    const check = { key: "fake", max_difference: 0.00042, passed: true };
    emit({
      kind: "ready",
      device: cpu
        ? { backend: "cpu", adapter: "", check: null, reason: "there is no WebGPU in this browser." }
        : { backend: "web_gpu", adapter: "Test adapter", check, reason: "" },
    });
    if (self.scenario === "damaged-model") {
      const what = "A kept model is damaged: its file has another size than when it was stored.";
      const remedy = "Delete it, and train it again or load the zip if you downloaded it.";
      kept = [{ damaged: { id: "1", diagnostic: diagnostic("tuned.damaged", what, "It was left as it is.", remedy) } }];
    }
    listKept();
  },

  open_data({ role, name, aligned_with, hints }, files) {
    const { encoding, has_header, delimiter, quoting } = hints;
    if (name.endsWith(".png")) {
      const what = "Line 1 contains a zero byte, so this is not a text table.";
      emit({ kind: "data_not_opened", role, diagnostic: diagnostic("data.zero-byte", what, "The file was not read.", "") });
      return;
    }
    if (name.endsWith(".zip")) {
      const what = `"${name}" is a model, not data.`;
      emit({ kind: "data_not_opened", role, diagnostic: diagnostic("data.is-model", what, "It was not read.", "") });
      return;
    }
    if (role === "train") task = self.tasks[name] ?? {};
    if (self.scenario === "unequal-lines" && aligned_with) {
      const what = `"${name}" has 2 lines and "${aligned_with}" has 3 lines: line 3 has no counterpart.`;
      const remedy = "Line n of one must belong to line n of the other.";
      const done = "The files were not put together.";
      emit({ kind: "data_not_opened", role, diagnostic: diagnostic("data.unequal-lines", what, done, remedy) });
      return;
    }
    if (self.scenario === "broken-file" && encoding !== "windows-1252") {
      const what = "Line 214 contains bytes that are not UTF-8.";
      const remedy = "If the file comes from an older Windows program, read it as Windows-1252. Or save it as UTF-8.";
      emit({ kind: "data_not_opened", role, diagnostic: diagnostic("data.not-utf8", what, "Nothing was read.", remedy) });
      return;
    }
    if (delimiter?.character === "|") {
      const done = "The file was not read that way.";
      const remedy = "Choose another delimiter, or let Hone detect it.";
      const what = "Most lines have no “|” between cells.";
      emit({ kind: "data_not_opened", role, diagnostic: diagnostic("data.delimiter", what, done, remedy) });
      return;
    }
    emit({ kind: "data_progress", role, done_bytes: 1, total_bytes: 2 });
    const guess = task.guess ?? { classification: { text: 0, pair: null, label: 1 } };
    const columns = task.columns ?? ["text", "label", "<script>alert(1)</script>"];
    const source = {
      name,
      bytes: files.reduce((sum, file) => sum + file.size, 0),
      format: "delimited",
      encoding: encoding ?? "UTF-8",
      delimiter: delimiter?.character ?? ",",
      quirks: { quoting: quoting ?? "double" },
      hints,
      has_header: has_header ?? true,
      columns: has_header === false ? columns.map((_, nth) => `column ${nth + 1}`) : columns,
      rows: 1240,
      preview: task.preview ?? [0, 1, 2, 3, 4, 5, 6, 7].map((row) => [TEXTS[row % 4], LABELS[row % 2], String(row)]),
      offers: [
        { mapping: guess, fits: true, reason: task.why ?? "Column “text” holds texts, column “label” their labels." },
        ...(task.others ?? []).map((mapping) => ({ mapping, fits: true, reason: "Its columns fit." })),
        ...(task.unfit ?? self.unfit).map(([mapping, reason]) => ({ mapping, fits: false, reason })),
      ],
      multiline: false,
      warnings: [],
    };
    emit({ kind: "data_opened", role, source });
  },

  map_data({ mapping, validation_ratio, test_ratio }) {
    // Only the third column has tags.
    if (mapping.token_classification && !task.guess && mapping.token_classification.tags !== 2) {
      const what = "No row has words with their tags. Line 2: 3 words and 1 tag.";
      const remedy = "This task needs a column of tags, one for each word. Choose other columns, or another task.";
      const refusal = diagnostic("data.no-rows", what, "No rows were read from the file.", remedy);
      emit({ kind: "data_failed", role: "train", diagnostic: refusal });
      return;
    }
    const validation_rows = Math.round(1237 * (validation_ratio || 0.2));
    const test_rows = Math.round(1237 * test_ratio);
    mapped = request;
    report = {
      mapping,
      rows_kept: 1237,
      rows_dropped: 3,
      unlabeled: task.guess ? 0 : 3,
      dropped: [17, 214, 803].map((line) => ({ line, reason: "no label" })),
      classes: task.guess ? (task.classes ?? []) : [{ label: "fresh", rows: 717 }, { label: "rotten", rows: 520 }],
      duplicates: 31,
      contradictions: 1,
      across_split: 0,
      repeated: [{ text: "A quiet triumph.", lines: [2, 90], labels: ["fresh"] }],
      train_rows: 1237 - validation_rows - test_rows,
      validation_rows,
      test_rows,
      majority_ratio: task.guess ? null : 0.58,
      facts: task.facts ?? "none",
      tokens: null,
      warnings: [],
    };
    emit({ kind: "data_ready", report });
    encode();
  },

  close_data() {},

  set_unsure() {},

  load_model({ model: entry }) {
    if (self.scenario === "broken-model") {
      const what = "model.safetensors ends after 1,024 bytes; its header says 90,868,376.";
      const remedy = "Reload the page to fetch it again.";
      emit({ kind: "model_failed", diagnostic: diagnostic("weights.truncated", what, "Nothing was loaded.", remedy) });
      return;
    }
    emit({ kind: "model_progress", done_bytes: 45e6, total_bytes: 90e6 });
    const { id, name, parameters, bytes, pooling } = entry;
    const shape = { family: entry.family, pooling, bytes, layers: 6, hidden: 384, max_positions: 512, vocab: 30522 };
    model = { id, name, parameters, has_pooler: true, groups: minilmGroups(), ...shape, applied: 101, notes: [] };
    emit({ kind: "model_ready", model });
    encode();
  },

  save() {
    emit({ kind: "run_saved", id: "1764000000000-1", step: run.step });
  },

  keep_tuned({ name }) {
    emit({ kind: "export_progress", fraction: 0.5 });
    if (self.scenario === "storage-full") {
      const what = "The browser did not store the model: there is no room.";
      const done = "The tuned model is still in this tab.";
      emit({ kind: "tuned_failed", diagnostic: diagnostic("tuned.storage", what, done, "Download it instead.") });
      return;
    }
    const id = `${1764000000000 + kept.length}-1`;
    kept.unshift({
      whole: {
        version: 1,
        id,
        name,
        kept_ms: 1764000000000,
        base: {
          id: "mini",
          name: "MiniLM",
          description: "",
          hub_id: "hub/mini",
          license: "MIT",
          parameters: 22.7e6,
          bytes: 91e6,
          folder: "models/mini/",
          files: [],
          weights: "model.safetensors",
          sha256: "",
          family: "bert",
          pooling: "mean",
        },
        recipe: run.recipe,
        labels: LABELS,
        form: "completion",
        has_pairs: false,
        best: evaluation(),
        parameters: 22.7e6,
        bytes: 91e6,
      },
    });
    emit({ kind: "tuned_kept", id });
    listKept();
  },

  open_tuned({ ids }) {
    const models = ids.map((id) => kept.find(({ whole }) => whole?.id === id).whole);
    emit({ kind: "tuned_opened", models });
  },

  export_tuned({ id }) {
    const { name } = kept.find(({ whole }) => whole?.id === id).whole;
    emit({ kind: "exported", file_name: `${name}.zip`, bytes: 91e6, rounded: null }, new Blob(["PK"]));
  },

  rename_tuned({ id, name }) {
    kept.find(({ whole }) => whole?.id === id).whole.name = name;
    listKept();
  },

  delete_tuned({ id }) {
    kept = kept.filter(({ whole, damaged }) => (whole ?? damaged).id !== id);
    listKept();
  },

  clear_storage() {
    kept = [];
    listKept();
  },

  load_files({ name }) {
    const what = `No weights are among the files (${name}).`;
    emit({ kind: "model_failed", diagnostic: diagnostic("model.no-weights", what, "Nothing was changed.", "Drop a folder.") });
  },

  start({ recipe, pinned }) {
    if (self.scenario === "rejects" && run) {
      const what = "A batch of these texts needs more memory than there is.";
      emit({ kind: "run_failed", diagnostic: diagnostic("run.memory", what, "Nothing was started.", "Make it smaller.") });
      return;
    }
    const peak = recipe.learning_rate ?? 5e-5;
    const rate = (step) => peak * (step < 12 ? step / 12 : (STEPS - step) / (STEPS - 12));
    const steps = Array.from({ length: STEPS + 1 }, (_, step) => step);
    const filled = { ...recipe, learning_rate: peak, max_length: 64, pooling: "mean" };
    const plan = {
      recipe: filled,
      labels: labels(),
      train_rows: 1113,
      validation_rows: 124,
      test_rows: report?.test_rows ?? 0,
      total_steps: STEPS,
      steps_per_epoch: 40,
      max_length: 64,
      cuts: {
        train: { shortened: 12, skipped: 0 },
        validation: { shortened: 1, skipped: 0 },
        test: { shortened: 0, skipped: 0 },
      },
      form: "completion",
      trainable_parameters: recipe.adapter === "none" ? 10.8e6 : 0.5e6,
      lr_curve: steps.map((step) => ({ step, lr: rate(step) })),
      param_groups: paramGroupsOf(filled, 0, {}),
      baseline: baseline(),
    };
    emit({ kind: "started", plan });
    if (["saves", "stops-saving"].includes(self.scenario)) emit({ kind: "run_saved", id: "1764000000000-1", step: 0 });
    if (self.scenario === "stops-saving") {
      const what = "The browser does not store the run: there is no room.";
      emit({ kind: "run_unsaved", diagnostic: diagnostic("saved.storage", what, "The run goes on unsaved.", "Free space.") });
    }
    const timer = setInterval(advance, self.beat_ms ?? 50);
    run = { request, step: 0, total: STEPS, peak, rate, plan, recipe: filled, byHand: {}, timer, pinned };
    tellPinned();
  },

  train_further({ epochs }) {
    const { total: taken, rate: earlier, peak } = run;
    const total = taken + 40 * epochs;
    const rate = (step) => (step < taken ? earlier(step) : (peak * (total - step)) / total);
    const lr_curve = Array.from({ length: total + 1 }, (_, step) => ({ step, lr: rate(step) }));
    const recipe = { ...run.recipe, epochs: run.recipe.epochs + epochs };
    emit({ kind: "started", plan: { ...run.plan, recipe, total_steps: total, lr_curve } });
    run = { ...run, request, recipe, rate, total, timer: setInterval(advance, self.beat_ms ?? 50) };
  },

  set_trainable({ group, trainable }) {
    if (trainable === null || trainable === undefined) delete run.byHand[group];
    else run.byHand[group] = trainable;
    request = run.request;
    tellParts();
  },

  find_rate() {
    if (self.scenario === "no-rate") {
      const what = "The loss was not a finite number at the lowest rate.";
      emit({ kind: "rate_failed", diagnostic: diagnostic("rate.not-finite", what, "The weights are as before.", "Check the data.") });
      return;
    }
    search = { request, points: [], timer: setInterval(tryRate, 20) };
  },

  try_rates({ rates }) {
    const fall = [0.02, 0.3, -1];
    const timer = setInterval(() => {
      request = trials.request;
      for (let nth = 0; nth < 3; nth += 1) {
        emit({ kind: "trial_step", nth, loss: 0.7 - (fall[nth] * trials.step) / 24 });
      }
      trials.step += 1;
      if (trials.step === 24) answers.stop();
    }, 20);
    trials = { request, step: 0, timer, rates };
  },

  estimate({ recipe }) {
    if (self.scenario === "no-estimate") {
      const what = "the device gave no time.";
      emit({ kind: "estimate_failed", diagnostic: diagnostic("estimate.no-time", what, "", "") });
      return;
    }
    const fits = self.scenario !== "too-large" || recipe.batch_size <= 4;
    const nearest = fits ? null : { ...recipe, batch_size: 4, gradient_accumulation_steps: 2 };
    const figures = { seconds: 118, bytes: fits ? 410e6 : 2.6e9, limit_bytes: 2e9, steps: STEPS, step_ms: fits ? 900 : null };
    const none = { shortened: 0, skipped: 0 };
    emit({ kind: "estimated", estimate: { ...figures, cuts: { train: none, validation: none, test: none }, nearest } });
  },

  pause() {
    clearInterval(run.timer);
    request = run.request;
    emit({ kind: "paused" });
  },

  resume() {
    run.timer = setInterval(advance, 50);
    request = run.request;
    emit({ kind: "resumed" });
  },

  stop() {
    if (trials) {
      clearInterval(trials.timer);
      trials = null;
      emit({ kind: "trials_over" });
    } else if (search) found(false);
    else if (run?.timer) finish("stopped");
  },

  predict({ query, tuned }) {
    const [asked] = Object.values(query);
    if (task.answer) {
      answer(asked);
      return;
    }
    const { text } = asked;
    const sure = text.includes("not") ? 0.09 : 0.91;
    const classes = (probabilities) => ({ classes: { probabilities, unsure_below: 0 } });
    const predictions = { base: classes([0.52, 0.48]), tuned: classes([sure, 1 - sure]) };
    if (tuned) predictions.base = null;
    emit({ kind: "predicted", labels: LABELS, ...predictions, tokens: text.length, truncated: false });
  },

  stop_writing() {
    clearInterval(writing?.timer);
    request = writing?.request;
    if (writing) emit({ ...writing.event, base: over(writing.event.base), tuned: over(writing.event.tuned) });
    writing = null;
  },

  find_rows({ query: { search, only_skipped, offset } }) {
    const total = only_skipped ? 3 : search ? 1 : 1240;
    const rows = Array.from({ length: Math.min(20, total - offset) }, (_, nth) => ({
      line: offset + nth + 2,
      cells: [search || TEXTS[nth % 4], LABELS[nth % 2], String(nth)],
      skipped: only_skipped ? "no label" : null,
    }));
    emit({ kind: "rows_found", found: { rows, total } });
  },

  find_wrong_rows({ query: { search, actual, predicted, offset }, with_nearest }) {
    const named = (index, other) => run?.plan.labels?.[index ?? other] ?? LABELS[index ?? other];
    const [given, guess] = [named(actual, 1), named(predicted, 0)];
    const rows = TEXTS.filter((text) => text.includes(search)).map((text, index) => ({
      line: index + 2,
      is_in_train_file: true,
      text,
      pair: null,
      given,
      predicted: guess,
      likely: [guess],
      measure: `probability ${97 - 10 * index} %`,
      nearest: index ? [] : [{ line: 40, text: "A triumph.", pair: null, label: "rotten", cosine: 0.9342 }],
    }));
    const sentence = `${offset + 1} to ${offset + rows.length} of ${offset + rows.length + 3} wrong rows, the surest mistakes first.`;
    const found = (rows, neighbors, comparing) => {
      emit({ kind: "wrong_rows_found", found: { rows, total: offset + rows.length + 3, sentence, neighbors, comparing } });
    };
    const known = "Nearest training rows by the vectors of the tuned model, among 1,113 training rows.";
    if (self.scenario !== "reads-rows") return found(rows, known, null);
    const without = rows.map((row) => ({ ...row, nearest: [] }));
    if (!with_nearest) return found(without, "", null);
    // The first search goes on until it is stopped, the second one fails, and the third one finds the rows.
    searches += 1;
    found(without, "Their nearest training rows appear once the tuned model has read all rows.", 0);
    if (searches === 1) emit({ kind: "nearest_progress", fraction: 0.4 });
    else if (searches === 2) emit({ kind: "nearest_failed", diagnostic: diagnostic("gpu.lost", "The device failed.", "", "") });
    else found(rows, known, null);
  },

  stop_nearest() {},

  draw_maps() {
    const point = (nth) => ({
      row: {
        line: nth + 2,
        is_in_train_file: true,
        text: TEXTS[nth % 4],
        pair: null,
        given: labels()[nth % 2] ?? "",
        predicted: labels()[0] ?? "",
        likely: labels().slice(0, 1),
        measure: `confidence ${4 + 7 * nth} %, variability 0.0${nth % 9}`,
        nearest: [],
      },
      class: nth % 2,
    });
    const points = Array.from({ length: 12 }, (_, nth) => point(nth));
    const frame = (name, apart) => ({
      name,
      words: `At ${name}, the nearest other text has the same label for ${50 + apart} % of these texts.`,
      x: points.map((_, nth) => 50 + (nth % 2 ? 1 : -1) * apart + 11 * Math.sin(5 * nth)),
      y: points.map((_, nth) => 50 + 30 * Math.cos(7 * nth)),
    });
    const map = { points, legend: labels(), listed: 0, guide: "", axes: "across: first component · up: second component" };
    const frames = [frame("before training", 0), frame("step 40", 6), frame("step 80", 12), frame(`step ${run.step}`, 30)];
    const vectors = { ...map, frames, note: "12 validation texts. The axes are the same at every step." };
    const spread = {
      name: "",
      words: "2 of 124 rows are in the hard corner at the bottom left, below 25 % confidence and 0.15 variability.",
      x: points.map((_, nth) => 8 + 70 * Math.sin(nth / 4) ** 2),
      y: points.map((_, nth) => 96 - 7 * nth),
    };
    const note = "Confidence is the mean probability of a row's own label over 3 evaluations, variability its standard deviation.";
    const dynamics = { ...map, points, frames: [spread], listed: 2, guide: "M0 75H30V100", axes: "across: variability, 0 to 0.5 · up: confidence, 0 to 100 %", note };
    const task = run.recipe.task ?? "classification";
    const none = { points: [], legend: [], frames: [], listed: 0, guide: "", axes: "", note: "" };
    emit({ kind: "maps_drawn", maps: { vectors, dynamics: task === "embeddings" ? none : dynamics } });
  },

  review_labels() {
    const grouped = (nth, is_validation) => ({
      line: nth + 2,
      is_in_train_file: true,
      is_validation,
      text: TEXTS[nth],
      pair: null,
      word: null,
      given: LABELS[nth % 2],
      likely: [LABELS[(nth + 1) % 2]],
    });
    emit({ kind: "labels_progress", fraction: 0.4 });
    const rows = TEXTS.map((text, index) => {
      const probabilities = { given_probability: 0.02 + index / 10, likely_probability: 0.98 - index / 10, score: 0.02 + index / 10 };
      const row = { is_in_train_file: true, line: index + 2, word: null, is_validation: index === 1, text, pair: null, given: "rotten", likely: ["fresh"] };
      const percent = (probability) => `${Math.round(100 * probability)}\u00a0%`;
      const finding = `labeled rotten (${percent(probabilities.given_probability)}), probably fresh (${percent(probabilities.likely_probability)})`;
      return { row, finding, ...probabilities };
    });
    const texts = {
      groups: [
        { finding: "Nearly the same in training and validation, with different labels (cosine 0.994)", rows: [grouped(0, false), grouped(1, true)] },
        { finding: "Unlike all others: 3.1 times as far from its neighbors as usual", rows: [grouped(2, false)] },
      ],
      sentence: "1 group of texts that are nearly the same (cosine above 0.987): 1 in both training and validation, which flatters the score; 1 with different labels. 1 text is unlike all others.",
    };
    emit({ kind: "labels_reviewed", found: { rows, total: 4, looked_at: 1237, sentence: "4 labels of 1,237 rows may be wrong. The heads agree with 87\u00a0% of all labels.", texts } });
  },

  ask_label({ corrections, skipped }) {
    const asked = [...corrections.map(({ line }) => line), ...skipped];
    const left = [17, 214, 803].filter((line) => !asked.includes(line));
    const given = corrections.filter(({ line }) => [17, 214, 803].includes(line));
    const labels = [...new Set([...LABELS, ...given.flatMap(({ labels }) => labels)])];
    const choices = labels.map((label, nth) => ({ key: `${nth + 1}`, label, probability: nth ? 0.08 : 0.92, is_likely: !nth }));
    const row = left.length ? { line: left[0], text: `Not labeled yet, on line ${left[0]}`, pair: null } : null;
    const progress = `${given.length} labels given, ${left.length} rows left.`;
    emit({ kind: "labels_progress", fraction: 0.4 });
    emit({ kind: "label_asked", question: { row, labels, choices, progress } });
  },

  stop_asking() {},

  correct({ corrections }) {
    emit({ kind: "corrected", file_name: "reviews-corrected.csv" }, new Blob([JSON.stringify(corrections)]));
  },

  export({ form, dtype }) {
    emit({ kind: "export_progress", fraction: 0.5 });
    const [ending, bytes] = { adapter: ["-adapter", 2e6], onnx: ["-onnx", dtype === "int8" ? 24e6 : 91e6], gguf: ["-gguf", 145e6] }[form] ?? ["", 91e6];
    const file_name = `hone-reviews${ending}.zip`;
    const rounded = dtype !== "float32" && form !== "adapter" ? evaluation() : null;
    emit({ kind: "exported", file_name, bytes, rounded }, new Blob(["PK"]));
  },

  export_script() {
    emit({ kind: "exported", file_name: "hone-run.zip", bytes: 15e3, rounded: null }, new Blob(["PK"]));
  },
};

/** Once data and model are loaded, sends the report again with the lengths of the texts. */
function encode() {
  if (!report || !model) return;
  const tokens = { p50: 23, p95: 48, max: 91, max_length: 64, truncated_ratio: 0.004 };
  request = mapped;
  emit({ kind: "data_ready", report: { ...report, tokens } });
}

/** The parameter groups of the model, from the bottom. Gradual unfreezing unfreezes a layer every 20 steps. */
function paramGroupsOf(recipe, step, byHand) {
  const awake = recipe.unfreezing === "gradual" ? Math.floor(step / 20) : recipe.unfreezing === "head" ? 0 : 6;
  const part = (group, trainable, factor, parameters) => {
    const decided = byHand[group];
    return { group, trainable: decided ?? trainable, by_hand: decided !== undefined, rate_factor: factor, parameters };
  };
  const layers = [0, 1, 2, 3, 4, 5].map((layer) => {
    return part(`layer.${layer}`, layer >= 6 - awake, recipe.layer_decay ** (6 - layer), 1774464);
  });
  return [part("embeddings", recipe.train_embeddings, recipe.layer_decay ** 7, 11.9e6), ...layers, part("head", true, 1, 770)];
}

function tellParts() {
  emit({ kind: "param_groups", step: run.step, param_groups: paramGroupsOf(run.recipe, run.step, run.byHand) });
}

/** Answers for the pinned texts, which turn in the middle of the run. */
function tellPinned() {
  if (run.pinned.length === 0) return;
  const first = 0.45 + (0.5 * run.step) / STEPS;
  const answers = run.pinned.map((_, nth) => {
    const share = nth % 2 ? 1 - first : first;
    return { classes: { probabilities: [1 - share, share], unsure_below: 0 } };
  });
  emit({ kind: "pinned", step: run.step, answers });
}

/** Each layer moves less than the one above, and the embeddings do not. */
function tellMoved() {
  if (run.recipe.adapter !== "none") return;
  const groups = paramGroupsOf(run.recipe, run.step, run.byHand).map(({ group }, nth) => {
    return { group, relative: nth * 0.01 * (1 - Math.exp(-run.step / 40)) };
  });
  emit({ kind: "moved", step: run.step, groups });
}

/** A range test over 80 learning rates: flat, then falling, then diverging. */
function tryRate() {
  request = search.request;
  const place = search.points.length / 79;
  const ripple = 0.015 * Math.sin(search.points.length * 1.9);
  const smooth = place < 0.75 ? 0.7 - 0.42 / (1 + Math.exp(-14 * (place - 0.5))) : 0.29 + 8 * (place - 0.75) ** 2;
  search.points.push({ lr: 1e-6 * 1e5 ** place, loss: smooth + 4 * ripple, smooth: smooth + ripple / 3 });
  emit({ kind: "rate_tried", point: search.points.at(-1), total: 80 });
  if (search.points.length === 80) found(true);
}

function found(diverged) {
  clearInterval(search.timer);
  request = search.request;
  const { points } = search;
  search = null;
  const finding = { points, steepest: points.at(40)?.lr ?? null, valley: points.at(48)?.lr ?? null, diverged };
  emit({ kind: "rate_found", finding });
}

function advance() {
  request = run.request;
  if (self.scenario === "silent") return;
  if (self.scenario === "dies" && run.step >= 30) throw new Error("unreachable executed");
  const steps = [];
  for (let count = 0; count < 3 && run.step < run.total; count += 1) {
    run.step += 1;
    // Falls, with a ripple that imitates the noise of batches.
    const loss = 0.25 + 0.45 * Math.exp(-run.step / 35) + 0.08 * Math.sin(run.step * 2.7) * Math.cos(run.step * 0.9);
    const epoch = run.step / 40;
    steps.push({ step: run.step, epoch, loss, grad_norm: 1.2, lr: run.rate(run.step - 1), tokens: 400, taken: true });
  }
  emit({ kind: "steps", steps, tokens_per_s: 1930, seconds_left: run.step < 10 ? null : (run.total - run.step) * 0.8 });
  if (run.step % 20 < 3 && run.recipe.unfreezing === "gradual") tellParts();
  if (run.step % 15 === 0) tellPinned();
  if (run.step % 15 === 0) tellMoved();
  if (run.step % 15 === 0) emit({ kind: "evaluated", evaluation: evaluation(), is_best: run.step <= 90 });
  if (self.scenario === "not-finite" && run.step >= 60) finish("not_finite");
  else if (self.scenario === "device-failed" && run.step >= 60) finish("device_failed");
  else if (run.step >= run.total) finish("completed");
}

function labels() {
  return task.guess ? (task.labels ?? []) : LABELS;
}

function baseline() {
  return task.guess ? (task.baseline ?? null) : BASELINE;
}

const over = ({ generated }) => ({ generated: { ...generated, is_over: true } });

/** Both models' answers to a query for another task; texts arrive word by word. */
function answer(query) {
  const event = { kind: "predicted", labels: labels(), ...task.answer(query), tokens: 12, truncated: false };
  if (!task.generated) {
    emit(event);
    return;
  }
  let count = 0;
  clearInterval(writing?.timer);
  const timer = setInterval(() => {
    // Repeats until it is stopped or the text ends, so that a test has time to press the button.
    count += 1;
    request = writing.request;
    const text = task.generated.slice(0, count).join("");
    const generated = (text) => ({ generated: { text, is_over: false } });
    writing.event = { ...event, base: generated(text.toUpperCase()), tuned: generated(text) };
    const most = query.sampling.max_new_tokens;
    if (count === Math.min(most, 40)) answers.stop_writing();
    else emit(writing.event);
  }, 50);
  writing = { request, event, timer };
}

function evaluation() {
  if (task.scores) {
    const { scores } = task;
    const cut = (size, nth) => ({ size, scores: Object.fromEntries(Object.entries(scores).map(([metric, score]) => [metric, score - 0.01 * (nth + 1)])) });
    const sizes = (run.recipe.matryoshka_dims ?? []).map(cut);
    const detail = sizes.length > 0 ? { sizes: { sizes } } : task.detail;
    return { step: run.step, epoch: run.step / 40, loss: 0.3 + 0.4 * Math.exp(-run.step / 30), scores, detail };
  }
  // Seeds differ a little, as in real runs.
  const luck = (run.recipe.seed % 3) / 100;
  const accuracy = 0.6 + luck + 0.3 * (1 - Math.exp(-run.step / 30));
  const classes = LABELS.map((label, index) => {
    return { label, precision: accuracy, recall: accuracy, f1: accuracy, support: [72, 52][index] };
  });
  const loss = 0.32 + 0.36 * Math.exp(-run.step / 30);
  const scores = { accuracy, macro_f1: accuracy - 0.01, weighted_f1: accuracy };
  const detail = { classes: { classes, confusion: [[65, 7], [5, 47]] } };
  return { step: run.step, epoch: run.step / 40, loss, scores, detail };
}

/** The scores at the end of a run, with what says how far to trust them. */
function trusted(scores) {
  const accuracy = scores.scores.accuracy;
  const coverage = [0.5, 0.6, 0.7, 0.8, 0.9].map((threshold, index) => {
    return { threshold, coverage: 1 - index / 5, accuracy: accuracy + (1 - accuracy) * (index / 5) };
  });
  const bins = coverage.map(({ threshold, accuracy }) => ({ confidence: threshold, accuracy, rows: 25 }));
  const confidence = { temperature: 1.42, unsure_below: 0, calibration_error: { before: 0.12, after: 0.03 }, bins, coverage };
  return { ...scores, intervals: { accuracy: { low: accuracy - 0.05, high: accuracy + 0.04 } }, confidence };
}

/** A run of 120 steps that was not stopped could be trained further; a longer one is healthy. */
function verdict(reason) {
  if (reason === "not_finite") {
    const sentence = "The learning rate is too high: loss or gradients were not finite any more. Try a third of it, or a longer warmup.";
    return { finding: "rate_too_high", sentence, control: "learning_rate" };
  }
  if (reason !== "completed" || run.step > STEPS) {
    return { finding: "good", sentence: "The run looks healthy: macro-F1 reached 0.890 and has leveled off.", control: null };
  }
  const sentence = "The model was still improving when the run ended: macro-F1 went from 0.812 to 0.889 in its last part.";
  return { finding: "still_improving", sentence, control: "train_further" };
}

function finish(reason) {
  clearInterval(run.timer);
  request = run.request;
  run.timer = null;
  emit({ kind: "measuring", done: 16, total: 64 });
  const advice = {
    not_finite: ["The loss was not a finite number three steps in a row.", "Halve the highest rate."],
    device_failed: ["The GPU ran out of memory.", "Take a smaller batch."],
  }[reason];
  const summary = {
    reason,
    steps: run.step,
    best: report?.test_rows ? trusted(evaluation()) : evaluation(),
    test: report?.test_rows ? trusted(evaluation()) : null,
    baseline: baseline(),
    forgetting: { cosine: 0.83, agreement: 0.91, sentences: 64, perplexity: null, ...task.forgetting },
    seconds: 96,
    verdict: reason === "device_failed" ? null : verdict(reason),
    advice: advice ? diagnostic("run.ended", advice[0], "The best weights are kept.", advice[1]) : null,
  };
  emit({ kind: "finished", summary });
}

self.onmessage = ({ data: { request: number, message, files } }) => {
  request = number;
  const [[kind, fields]] = typeof message === "string" ? [[message, {}]] : Object.entries(message);
  answers[kind](fields, files);
};
self.postMessage({ ready: true });
