"""Commands that make keys: one that signs mail (DKIM), and one that signs links."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated, Literal

import typer

from newsletter.cli.program import AsJson, ConfigDir, app
from newsletter.cli.terminal import errors, print_json
from newsletter.config.files import sender_domain
from newsletter.links import MIN_SECRET, new_secret
from newsletter.send.signatures import dns_record, load_key, make_key


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


@app.command(name="admin-password")
def admin_password() -> None:
    """Ask for a password of the editors, and print its hash for newsletter.yaml.

    Example: `echo "NEWSLETTER_ADMIN_PASSWORD=$(newsletter admin-password)" >> .env`
    """
    from newsletter.serve.passwords import (  # noqa: PLC0415  only this one needs it
        SALT_BYTES,
        hash_password,
    )

    typed = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    try:
        made = hash_password(typed, secrets.token_bytes(SALT_BYTES))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    # Dollar signs would name variables in the YAML itself, so it stays in the environment.
    typer.echo(made)
    errors().print(
        "Keep it in the environment, or in the file .env beside config/ (chmod 600), as "
        "NEWSLETTER_ADMIN_PASSWORD, and in newsletter.yaml:\n"
        "  serve:\n    admin_password: ${NEWSLETTER_ADMIN_PASSWORD}",
        soft_wrap=True,
        markup=False,
    )


@app.command()
def secret() -> None:
    """Make a secret that signs links and bounce addresses: 32 random bytes, on standard output.

    Example: `echo "NEWSLETTER_SECRET=$(newsletter secret)" >> .env && chmod 600 .env`
    """
    typer.echo(new_secret(secrets.token_bytes(MIN_SECRET)))
    errors().print(
        "Keep it in the environment, or in the file .env beside config/ (chmod 600), as "
        "NEWSLETTER_SECRET, and in newsletter.yaml:\n  secret: ${NEWSLETTER_SECRET}",
        soft_wrap=True,
        markup=False,
    )
