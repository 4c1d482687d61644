"""``python -m crowdhub``: the command."""

from __future__ import annotations

from crowdhub.cli import main

if __name__ == "__main__":
    main()
