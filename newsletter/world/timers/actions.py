"""A workflow of GitHub Actions, which needs no machine of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from newsletter.world.timers.jobs import AFTER, Job

FILE = PurePosixPath(".github/workflows/newsletter.yml")
AGAIN = (0, 1, 3)
"""Hours after the first run at which it runs again: GitHub starts late, and at times not at all.
Every run takes minutes of the account, so there are few of them."""


def workflow(job: Job, repository: Path) -> str:
    """Return the workflow for a newsletter that is in the git repository at `repository`."""
    folder = job.folder.relative_to(repository).as_posix()
    return (
        _TEXT.replace("@FOLDER@", _quoted(folder))
        .replace("@SITE@", _quoted(f"{folder}/public-site"))
        .replace("@CONFIG@", _shell(job.config))
        .replace("@DUE@", f"{job.at:%H:%M}, {job.zone}")
        .replace("@TIMES@", _times(job))
        .replace("@ZONE@", _quoted(job.zone))
        .replace("@SECRETS@\n", "".join(_secrets(job)))
    )


def _times(job: Job) -> str:
    hour, minute = divmod(job.at.hour * 60 + job.at.minute + AFTER, 60)
    hours = ",".join(str((hour + later) % 24) for later in AGAIN)
    return f"{minute} {hours} * * *"


def _secrets(job: Job) -> Iterator[str]:
    for name in job.variables:
        yield f"          {name}: ${{{{ secrets.{name} }}}}\n"


def _quoted(text: str) -> str:
    """Return a text as YAML has it in single quotes."""
    return "'" + text.replace("'", "''") + "'"


def _shell(text: str) -> str:
    """Return a text as the shell of a step has it in single quotes."""
    return "'" + text.replace("'", "'\\''") + "'"


_TEXT = """\
# Written by `newsletter schedule actions`: makes and sends the issue of the day on GitHub.
# docs/how-to/every-morning.md says what it needs: the secrets below, STATE_KEY, and the program in
# program/. Keep the repository private: config/subscribers.yaml has the addresses of your readers.
name: newsletter

on:
  # The issue is due at @DUE@. Later runs do nothing if the first one sent everything.
  schedule:
    - cron: "@TIMES@"
      timezone: @ZONE@
  workflow_dispatch:
    inputs:
      first:
        description: "Begin without a database: the first time only, for it forgets who has what"
        type: boolean
        default: false

permissions: {}

concurrency:  # two runs at once would each know half of what was sent
  group: newsletter
  cancel-in-progress: false

defaults:
  run:
    shell: bash
    working-directory: @FOLDER@

jobs:
  run:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@v6
        with:
          persist-credentials: false
      - uses: actions/setup-python@v6
        with:
          python-version: "3.13"
      - name: Install the newsletter
        run: |
          pip install --quiet --require-hashes -r program/requirements.lock
          pip install --quiet --no-deps program/newsletter-*.whl

      # The database knows who has which issue. It is encrypted, because whoever may open a pull
      # request can read caches.
      - id: state
        uses: actions/cache/restore@v5
        with:
          path: newsletter-state.enc
          key: newsletter-${{ github.run_id }}-${{ github.run_attempt }}
          restore-keys: newsletter-
      - id: unpacked
        name: Unpack the database
        env:
          STATE_KEY: ${{ secrets.STATE_KEY }}
          FOUND: ${{ steps.state.outputs.cache-matched-key }}
          FIRST: ${{ inputs.first }}
        run: |
          if [ -z "$STATE_KEY" ]; then
            echo "::error::There is no secret STATE_KEY: make one with openssl rand -hex 32"
            exit 1
          elif [ -n "$FOUND" ]; then
            openssl enc -d -aes-256-cbc -pbkdf2 -pass env:STATE_KEY \\
              -in "$GITHUB_WORKSPACE/newsletter-state.enc" | tar -xz
          elif [ "$FIRST" != true ]; then
            echo "::error::The database is not in the cache, so nothing was sent: readers might" \\
              "get an issue twice. Put it back from the artifact of an earlier run, or start" \\
              "the workflow by hand with 'first'."
            exit 1
          fi

      - name: Make and send the issue
        env:
@SECRETS@
          # In the place of a file with addresses in the repository; may be empty.
          SUBSCRIBERS_YAML: ${{ secrets.SUBSCRIBERS_YAML }}
        run: |
          if [ -n "$SUBSCRIBERS_YAML" ]; then
            printf '%s\\n' "$SUBSCRIBERS_YAML" > @CONFIG@/subscribers.yaml
          fi
          status=0
          newsletter run --quiet --config @CONFIG@ || status=$?
          newsletter publish public-site --config @CONFIG@ \\
            --address "https://${GITHUB_REPOSITORY_OWNER}.github.io/${GITHUB_REPOSITORY#*/}"
          # 3: some mail waits; the next run goes on.
          [ "$status" -eq 0 ] || [ "$status" -eq 3 ]

      # Also when the run failed: what was sent must not be forgotten.
      - id: packed
        name: Pack the database
        if: always() && steps.unpacked.outcome == 'success'
        env:
          STATE_KEY: ${{ secrets.STATE_KEY }}
        run: |
          tar -cz outbox | openssl enc -aes-256-cbc -pbkdf2 -pass env:STATE_KEY \\
            -out "$GITHUB_WORKSPACE/newsletter-state.enc"
      - name: Keep the database
        if: always() && steps.packed.outcome == 'success'
        uses: actions/cache/save@v5
        with:
          path: newsletter-state.enc
          key: newsletter-${{ github.run_id }}-${{ github.run_attempt }}
      - name: Keep a copy of it, should the cache be lost
        if: always() && steps.packed.outcome == 'success'
        uses: actions/upload-artifact@v6
        with:
          name: newsletter-state-${{ github.run_attempt }}
          path: newsletter-state.enc
          retention-days: 30
      - name: Hand over the site, which anybody may read
        uses: actions/upload-pages-artifact@v5
        with:
          path: @SITE@

  # Without Pages delete this job, and the last step above.
  pages:
    needs: run
    runs-on: ubuntu-latest
    permissions:
      pages: write
      id-token: write
    environment:
      name: github-pages
      url: ${{ steps.deployment.outputs.page_url }}
    steps:
      - id: deployment
        uses: actions/deploy-pages@v5
"""
