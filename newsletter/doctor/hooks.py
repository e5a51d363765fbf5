"""What keeps the webhooks of providers of mail from working."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.config.settings import Config


def hook_notes(config: Config) -> Iterator[str]:
    """Yield a line for each thing without which the site refuses what a provider tells."""
    serving = config.serving
    for text in serving.hooks.missing:
        yield f"{text}: what the provider tells the site is refused"
    if serving.hooks.named and not config.letter.site:
        yield "newsletter.yaml: `serve: hooks:` needs a `site`: the provider calls its address"
    if serving.hooks.postmark and not serving.proxies:
        yield (
            "newsletter.yaml: what Postmark tells is refused: its password is taken only over "
            "https, and only a proxy named in `serve: proxies:` is believed to say so"
        )
