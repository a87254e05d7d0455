# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes metrics_text.json: BLEU and chrF of hypotheses against references, by sacrebleu's defaults.

Some corpora show one thing each. The others are drawn from pieces that are hard to tokenize.
"""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import sacrebleu

from reference import GOLDEN, provenance, write_json

# Name: pairs of hypothesis and reference.
CORPORA = {
    "equal": [("The cat sat on the mat.", "The cat sat on the mat.")],
    "empty hypothesis": [("", "The cat sat on the mat.")],
    "one of them empty": [("", "Not here."), ("The cat sat on the mat.", "The cat sat on a mat.")],
    "empty reference": [("The cat sat on the mat.", ""), ("A dog is not a cat.", "A dog is no cat.")],
    "both empty": [("", "")],
    "one word": [("cat", "cat")],
    "three words": [("a black cat", "a black cat")],
    "nothing in common": [("abc def ghi jkl", "mno pqr stu vwx")],
    "no 4-gram": [("the cat sat there on a mat", "the cat sat here on the mat")],
    "no 3-gram": [("a cat is there on a mat", "a cat was there in a hat")],
    "repeated": [("the the the the the the the", "the cat is on the mat"), ("ab ab ab ab", "ab ab cd ab ab")],
    "shorter": [("It is a guide to action", "It is a guide to action that ensures that the army obeys")],
    "longer": [("It is a guide to action that ensures that the army obeys", "It is a guide to action today")],
    "case": [("the Cat Sat On the mat", "The cat sat on the mat")],
    "numbers": [("It costs 1,000.50 euros, or 3.14 - not 2-3.", "It costs 1,000.5 euros , or 3.14 - not 2 - 3 .")],
    "points": [("Wait... what?! U.S. No, e.g. .5 5. ,a a,", "Wait ... what ? ! U . S . No , e.g. .5 5 . , a a ,")],
    "markup": [
        ("R&amp;D &lt;b&gt; &quot;x&quot; &amp;lt; & a<skipped>b", 'R & D < b > " x " < & ab'),
        ("hyphen-\nated and\nbroken", "hyphenated and broken"),
        ("self-made 9-to-5 l'été don't", "self-made 9 -to-5 l'été don't"),
    ],
    "symbols": [("a/b [c] {d} ~e~ f_g `h` i^j k\\l m|n #o $p %q *r +s =t @u", "a / b [ c ] { d } ~ e ~ f _ g ` h `")],
    "Unicode": [
        ("Ein Mädchen fährt – „schnell“ – über die Straße.", "Ein Mädchen fuhr – „schnell“ – über die Straße."),
        ("Je l’ai vu à 8 h 30 ; n’est-ce pas ?", "Je l’ai vu à 8 h 30 ; n’est-ce pas ?"),
        ("我喜欢猫。", "我喜欢狗。"),
        ("👩‍👩‍👧 e\u0301te\u0301", "👩‍👩‍👦 été"),
        ("مرحبا، كيف حالك؟", "مرحبا، كيف الحال؟"),
    ],
    "white space": [
        ("a\u00a0b\u3000c\td", "a b c d"),
        ("a\u001cb\u0085c\u2028d \u001f", "a b c d"),
        ("a\u200bb c\ufeff d", "ab c d"),
    ],
}
PIECES = (
    "the The a of cat cats l'eau don't U.S. e.g. 3 10 1,000 2.5 .5 5. 9-5 -1 x-y - -- , . ... ! ?! ; : ( ) [x] {y} / "
    "&amp; &lt; &quot; &amp;gt; & <skipped> \" ' ’ „ “ – é e\u0301 ß 猫 我 ،؟ 👩‍👧 \u200b a\u00a0b"
).split(" ")
SPACES = [" "] * 12 + ["", "", "  ", "\n", "-\n", "\t", "\u00a0", "\u3000", "\u001c", "\u0085"]


def main():
    draw = random.Random(7)
    corpora = dict(CORPORA)
    for i in range(40):
        corpora[f"drawn line {i}"] = [drawn_pair(draw)]
    for i in range(4):
        corpora[f"drawn corpus {i}"] = [drawn_pair(draw) for _ in range(12)]
    cases = [scored(name, pairs) for name, pairs in corpora.items()]
    versions = provenance(__file__) | {"sacrebleu": sacrebleu.__version__}
    write_json(GOLDEN / "metrics_text.json", {"provenance": versions, "cases": cases})


def drawn_pair(draw):
    """A reference, and a copy with some pieces changed, removed or inserted."""
    pieces = [draw.choice(PIECES) for _ in range(draw.randint(1, 24))]
    other = [draw.choice(PIECES) if draw.random() < 0.15 else piece for piece in pieces if draw.random() < 0.9]
    return joined(draw, other), joined(draw, pieces)


def joined(draw, pieces):
    """The pieces, joined by all kinds of white space or none."""
    return "".join(piece + draw.choice(SPACES) for piece in pieces)


def scored(name, pairs):
    """The pairs and their scores."""
    hypotheses, references = map(list, zip(*pairs))
    bleu = sacrebleu.corpus_bleu(hypotheses, [references])
    return {
        "name": name,
        "hypotheses": hypotheses,
        "references": references,
        "bleu": {
            "score": bleu.score,
            "precisions": bleu.precisions,
            "brevity_penalty": bleu.bp,
            "hypothesis_tokens": bleu.sys_len,
            "reference_tokens": bleu.ref_len,
        },
        "chrf": sacrebleu.corpus_chrf(hypotheses, [references]).score,
    }


if __name__ == "__main__":
    main()
