// The scripted worker's responses (fake-worker.js) to files for tasks other than classification, by file name: its
// findings in the file, the scores of a run, and both models' answers. It reads `self.tasks`.

const score = (label, f1, support) => ({ label, precision: f1, recall: f1, f1, support });
const words = (text) => ({ generated: { text, is_over: false } });

/** Tasks that a file does not seem to fit, with what they need. */
self.unfit = [
  [{ multi_label: { text: 0, pair: null, labels: [1] } }, "a column that lists labels"],
  [{ token_classification: { text: 0, tags: 1 } }, "a column of tags, one for each word"],
];

self.tasks = {
  "films.csv": {
    columns: ["text", "funny", "sad"],
    preview: [["A quiet triumph.", "0", "1"], ["Warm and funny.", "1", "0"]],
    guess: { multi_label: { text: 0, pair: null, labels: [1, 2] } },
    unfit: [],
    others: [{ classification: { text: 0, pair: null, label: 1 } }],
    why: "Columns “funny” and “sad” hold 0 and 1.",
    classes: [{ label: "funny", rows: 640 }, { label: "sad", rows: 410 }],
    facts: { labels: { mean: 0.85, max: 2, unlabeled: 210 } },
    labels: ["funny", "sad"],
    scores: { micro_f1: 0.81, macro_f1: 0.79, accuracy: 0.7 },
    detail: { labels: { labels: [score("funny", 0.84, 64), score("sad", 0.74, 41)], thresholds: [0.42, 0.31] } },
    answer: () => {
      const labels = (probabilities) => ({ labels: { probabilities, thresholds: [0.42, 0.31] } });
      return { base: labels([0.5, 0.5]), tuned: labels([0.12, 0.88]) };
    },
  },

  "pairs.tsv": {
    columns: ["sentence1", "sentence2", "score"],
    preview: [["It rains.", "It is raining.", "4.8"], ["It rains.", "A dog barks.", "0.4"]],
    guess: { regression: { text: 0, pair: 1, number: 2 } },
    unfit: [],
    others: [{ classification: { text: 0, pair: 1, label: 2 } }],
    why: "Column “score” holds numbers for pairs of texts.",
    facts: { numbers: { min: 0, max: 5, mean: 2.61, deviation: 1.52 } },
    scores: { rmse: 0.71, mae: 0.55, pearson: 0.88, spearman: 0.87 },
    baseline: { prediction: "2.61", scores: { rmse: 1.52, mae: 1.3 } },
    detail: { numbers: { points: Array.from({ length: 60 }, (_, i) => ({ actual: i / 12, predicted: i / 12 + 0.6 * Math.sin(i * 1.7) })) } },
    answer: () => ({ base: { number: { value: 0.13 } }, tuned: { number: { value: 4.62 } } }),
  },

  "meanings.csv": {
    columns: ["anchor", "positive"],
    preview: [["reflect as if in a mirror", "The pond mirrors the sky."], ["move fast on foot", "Don't run in the hall."]],
    guess: { pairs: { anchor: 0, positive: 1, negative: null } },
    unfit: [],
    others: [{ completion: { prompt: "{anchor}\n", completion: 1 } }],
    why: "Each text of “anchor” belongs to one of “positive”.",
    facts: "none",
    scores: { ndcg_at_10: 0.81, mrr_at_10: 0.77, recall_at_1: 0.68, recall_at_10: 0.93 },
    baseline: { prediction: null, scores: { ndcg_at_10: 0.62, mrr_at_10: 0.57, recall_at_1: 0.45, recall_at_10: 0.79 } },
    detail: "none",
    answer: ({ texts }) => {
      const found = texts.length > 0 ? texts : ["The pond mirrors the sky.", "Don't run in the hall."];
      const hits = (order) => ({ nearest: { hits: order.map((text, i) => ({ text, score: 0.812 - 0.4 * i })) } });
      return { base: hits([...found].reverse()), tuned: hits(found) };
    },
  },

  "passages.csv": {
    columns: ["query", "passage", "label"],
    preview: [["how to run fast", "Lean forward a little.", "1"], ["how to run fast", "The pond mirrors the sky.", "0"]],
    guess: { reranking: { query: 0, passage: 1, label: 2 } },
    unfit: [],
    others: [{ regression: { text: 0, pair: 1, number: 2 } }],
    why: "Column “label” says whether a passage fits the query.",
    facts: "none",
    scores: { ndcg_at_10: 0.86, mrr_at_10: 0.82, average_precision: 0.79 },
    baseline: { prediction: null, scores: { ndcg_at_10: 0.61, mrr_at_10: 0.55, average_precision: 0.48 } },
    detail: "none",
    answer: ({ texts }) => {
      const hits = (order) => ({ nearest: { hits: order.map((text, i) => ({ text, score: 0.912 - 0.4 * i })) } });
      return { base: hits([...texts].reverse()), tuned: hits(texts) };
    },
  },

  "people.conll": {
    columns: ["word", "tag"],
    preview: [["Anna lives in Rome", "B-PER O O B-LOC"], ["She works at Acme", "O O O B-ORG"]],
    guess: { token_classification: { text: 0, tags: 1 } },
    unfit: [],
    others: [],
    why: "Each word has a tag next to it.",
    classes: [{ label: "O", rows: 7200 }, { label: "B-PER", rows: 410 }, { label: "B-LOC", rows: 390 }],
    facts: {
      tags: {
        words: 8000,
        entities: 800,
        repaired: 12,
        widened: 0,
        dropped: 1,
        first_dropped: [{ line: 7, reason: "the span overlaps another one" }],
      },
    },
    labels: ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"],
    scores: { f1: 0.87, precision: 0.86, recall: 0.88, macro_f1: 0.85 },
    detail: { entities: { kinds: [score("LOC", 0.89, 39), score("PER", 0.85, 41)] } },
    answer: ({ text }) => {
      const place = text.indexOf("Rome");
      const entities = place < 0 ? [] : [{ start: place, end: place + 4, label: "LOC", score: 0.97 }];
      return { base: { entities: { entities: [] } }, tuned: { entities: { entities } } };
    },
  },

  "speech.conll": {
    columns: ["word", "tag"],
    preview: [["Anna sings", "NOUN VERB"], ["They sing well", "PRON VERB ADV"]],
    guess: { token_classification: { text: 0, tags: 1 } },
    others: [],
    why: "Each word has a tag next to it.",
    classes: [{ label: "NOUN", rows: 4200 }, { label: "VERB", rows: 2300 }],
    facts: {
      tags: { words: 6500, entities: 0, repaired: 0, widened: 0, dropped: 0, first_dropped: [] },
    },
    labels: ["NOUN", "VERB"],
    scores: { accuracy: 0.91, macro_f1: 0.89, weighted_f1: 0.91 },
    baseline: { prediction: "NOUN", scores: { accuracy: 0.65, macro_f1: 0.394, weighted_f1: 0.512 } },
    detail: { classes: { classes: [score("NOUN", 0.93, 420), score("VERB", 0.86, 230)], confusion: [[400, 20], [38, 192]] } },
    answer: () => ({ base: { entities: { entities: [] } }, tuned: { entities: { entities: [] } } }),
  },

  "questions.json": {
    columns: ["question", "context", "answers"],
    preview: [["Who wrote it?", "Anna wrote the letter in Rome.", '[{"text":"Anna","answer_start":0}]']],
    guess: { question_answering: { question: 0, context: 1, answer: 2, start: null } },
    unfit: [],
    others: [{ corpus: { text: 1 } }],
    why: "Column “question” holds questions, “context” passages.",
    facts: { answers: { contexts: 310, unanswerable: 40, byte_offsets: 0, found_by_text: 9, not_found: 2 } },
    scores: { f1: 0.74, exact_match: 0.66 },
    detail: { answers: { answerable: 118, unanswerable: 6, threshold: 0.4 } },
    answer: ({ context }) => {
      const span = (text, share) => {
        const start = context.indexOf(text);
        return { start, end: start + text.length, label: "", score: share };
      };
      const spansAnswer = (spans, is_unanswerable) => ({ spans: { spans, no_answer: 0.05, is_unanswerable } });
      return {
        base: spansAnswer([span("letter", 0.02)], true),
        tuned: spansAnswer([span("Anna", 0.83), span("Anna wrote", 0.1)], false),
      };
    },
  },

  "corpus.fra": {
    columns: ["fra", "eng"],
    preview: [["Il fait beau.", "The weather is fine."], ["Merci.", "Thank you."]],
    guess: { completion: { prompt: "Translate from French to English.\n{fra}\n", completion: 1 } },
    unfit: [],
    others: [{ corpus: { text: 0 } }],
    why: "Columns “fra” and “eng” hold the same in two languages.",
    facts: "none",
    scores: { perplexity: 3.4, bleu: 31.2, chrf: 52.7, exact_match: 0.21 },
    detail: {
      texts: {
        samples: [
          { prompt: "Translate from French to English.\nMerci.\n", generated: "Thanks.", reference: "Thank you." },
          { prompt: "Translate from French to English.\nOui.\n", generated: "Yes.", reference: "Yes." },
        ],
      },
    },
    forgetting: { perplexity: { before: 22.4, after: 24.1 } },
    generated: ["The", " weather", " is", " fine", "."],
    answer: () => ({ base: words("Il fait"), tuned: words("The weather") }),
  },
};
