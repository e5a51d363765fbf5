"""Models by their names on the Hugging Face hub: fetched once, then read from disk."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Final

from newsletter.errors import ModelError

FILES: Final = (
    "config.json",
    "tokenizer.json",
    "model.safetensors",
    "modules.json",
    "*/config.json",
    "*/tokenizer.json",
    "*/model.safetensors",
)
"""What is fetched of a repository; others hold the same weights in other formats."""
_NAME: Final = re.compile(r"\w[\w.\-]*/\w[\w.\-]*")


def is_hub_name(name: str) -> bool:
    """Tell whether a text looks like `owner/model`."""
    return _NAME.fullmatch(name) is not None


def fetch_model(name: str, *, may_fetch: bool = True) -> Path:
    """Return the folder of a model on the hub; it is fetched unless it was fetched before.

    With `may_fetch` false, only what is on this disk counts. The hub's own settings hold, such as
    HF_HOME (where models are kept), HF_ENDPOINT and HF_HUB_OFFLINE. Raises ModelError.
    """
    if importlib.util.find_spec("huggingface_hub") is None:
        raise ModelError(
            f"{name}: fetching a model needs huggingface-hub: pip install 'newsletter[embeddings]'"
        )
    from huggingface_hub import snapshot_download  # noqa: PLC0415  an optional dependency
    from huggingface_hub.errors import (  # noqa: PLC0415  an optional dependency
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )
    from huggingface_hub.utils import (  # type: ignore[attr-defined]  # noqa: PLC0415  an optional dependency
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    was_quiet = are_progress_bars_disabled()
    disable_progress_bars()  # its bars would come into mails of cron
    try:
        return Path(
            snapshot_download(name, allow_patterns=list(FILES), local_files_only=not may_fetch)
        )
    except RepositoryNotFoundError:
        raise ModelError(f"{name}: the hub has no model of this name, or not for you") from None
    except LocalEntryNotFoundError:
        if may_fetch:
            raise ModelError(f"{name}: not on this disk, and the hub cannot be reached") from None
        raise ModelError(f"{name}: not on this disk yet: the first run fetches it") from None
    except Exception as error:  # noqa: BLE001  border: a hub may answer anything
        raise ModelError(f"{name}: cannot be fetched: {error}") from None
    finally:
        if not was_quiet:
            enable_progress_bars()
