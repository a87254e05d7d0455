# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes micro_llama_sharded/ (micro_llama as transformers saves it in several files) and sharded.json."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from transformers import LlamaForCausalLM

from reference import GOLDEN, provenance, write_json

LARGEST = "30KB"


def main():
    source, folder = GOLDEN / "micro_llama", GOLDEN / "micro_llama_sharded"
    LlamaForCausalLM.from_pretrained(source).save_pretrained(folder, max_shard_size=LARGEST)
    (folder / "generation_config.json").unlink(missing_ok=True)
    files = sorted(path.name for path in folder.glob("*.safetensors"))
    info = {"provenance": provenance(__file__, [source / "model.safetensors"]), "files": files}
    write_json(GOLDEN / "sharded.json", info)


if __name__ == "__main__":
    main()
