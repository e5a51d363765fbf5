"""The dkim-key command: a key that signs mail, and the DNS record that goes with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from newsletter.cli.program import AsJson, ConfigDir, app
from newsletter.cli.terminal import errors, print_json
from newsletter.config import sender_domain
from newsletter.send import dns_record, load_key, make_key


@app.command(name="dkim-key")
def dkim_key(
    *,
    config: ConfigDir = Path("config"),
    selector: Annotated[str, typer.Option(help="Names the key in DNS.")] = "",
    algorithm: Annotated[
        Literal["rsa", "ed25519"], typer.Option(help="RSA for everybody; Ed25519 beside it.")
    ] = "rsa",
    domain: Annotated[
        str | None, typer.Option(help="Default: the domain of `from` in newsletter.yaml.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key that signs mail (DKIM): the key on standard output, what to do with it beside it.

    Nothing is written to disk: keep the key where you keep secrets.

    Example: `newsletter dkim-key --algorithm ed25519 --selector e2026a > e2026a.pem`
    """
    where = domain or sender_domain(config)
    named = selector or ("r1" if algorithm == "rsa" else "e1")
    pem = make_key(algorithm)
    name, text = dns_record(load_key(pem, where, named))
    variable = f"DKIM_{named.upper().replace('-', '_')}"
    if as_json:
        print_json({"key": pem.decode(), "name": name, "type": "TXT", "text": text})
        return
    typer.echo(pem.decode(), nl=False)
    told = errors()
    told.print(f"Publish in DNS, as TXT:\n  {name}\n  {text}", soft_wrap=True, markup=False)
    told.print(
        f"Keep the key in the environment as {variable}, and in newsletter.yaml:\n"
        f"  dkim:\n    - selector: {named}\n      key: ${{{variable}}}",
        soft_wrap=True,
        markup=False,
    )
