# SPDX-License-Identifier: MIT OR Apache-2.0
"""Checks all exports in a folder, as tests/tests/export_interop writes them.

    check_exports.py FOLDER

Each folder in it has model.zip and expected.json (see check_export.py). The exports of adapters also have adapter.zip,
and base, the folder of the base model. Exits with 1 if a check fails.
"""

import json
import sys
import tempfile
from pathlib import Path

# Imported first, as it keeps transformers offline.
from exports import model_folder, opened_export, passes, quiet

from check_adapter import Adapter


def main():
    quiet()
    folders = sorted(path.parent for path in Path(sys.argv[1]).glob("*/expected.json"))
    return 0 if folders and all([passes_whole(folder) for folder in folders]) else 1


def passes_whole(folder):
    """Runs all checks of one run's exports."""
    print(f"\n{folder.name}")
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        checks = opened_export(model_folder(folder / "model.zip", work / "model"), expected).checks()
        if (folder / "adapter.zip").exists():
            adapter = model_folder(folder / "adapter.zip", work / "unpacked", "adapter_config.json")
            (work / "copy").mkdir()
            checks += Adapter(adapter, folder / "base", work / "copy", expected).checks()
        return all([passes(check) for check in checks])


if __name__ == "__main__":
    sys.exit(main())
