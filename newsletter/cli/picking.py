"""How `pick` shows picks, their scores and the reasons for them, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape

from newsletter.day.explaining import Explained
from newsletter.model import LeftOut, Paper, Part, Pick, Sentence, Topic
from newsletter.pick.signals import chance_of
from newsletter.render.phrases import ENGLISH
from newsletter.render.words import by_machine, say


def show_picks(console: Console, chosen: Sequence[Pick], topics: Sequence[Topic]) -> None:
    """Show picks with their scores and reasons, topic by topic."""
    titles = {topic.name: topic.title for topic in topics}
    for name in dict.fromkeys(pick.topic for pick in chosen):
        console.print(f"\n[bold]{escape(titles[name])}[/]")
        for pick in (shown for shown in chosen if shown.topic == name):
            console.print(
                f"  [green]{pick.score.total:.2f}[/]  {escape(pick.paper.title)}", highlight=False
            )
            reasons = escape(" · ".join(map(say, pick.reasons)))
            console.print(f"        [dim]{escape(pick.paper.id)} · {reasons}[/]", highlight=False)


def part_json(part: Part) -> dict[str, object]:
    """Return one signal's share of a score as plain data, its reason in words."""
    return {**asdict(part), "reason": say(part.reason) if part.reason else ""}


def pick_json(pick: Pick) -> dict[str, object]:
    """Return a pick as plain data."""
    return {
        "paper": pick.paper.id,
        "title": pick.paper.title,
        "url": pick.paper.url,
        "topic": pick.topic,
        "score": round(pick.score.total, 4),
        "parts": [part_json(part) for part in pick.score.parts],
        "reasons": [say(reason) for reason in pick.reasons],
        "tldr": pick.tldr,
        "tldr_by": pick.tldr_by,
        "wording": pick.wording,
    }


def show_explained(
    console: Console, paper: Paper, found: Sequence[Explained], sentences: Sequence[Sentence] = ()
) -> None:
    """Show all parts of a paper's score under each topic, even if it was not picked there.

    Then what machines have answered about it (`sentences`), with what was refused, and why.
    """
    console.print(f"[bold]{escape(paper.title)}[/]\n[dim]{escape(' · '.join(paper.keys))}[/]")
    for explained in found:
        total = f"{explained.pick.score.total:.3f}" if explained.pick else "  –  "
        title, verdict = escape(explained.topic.title), escape(explained.verdict)
        console.print(f"\n[bold]{title}[/]  {total}  {verdict}")
        for part in explained.pick.score.parts if explained.pick else ():
            said = [say(part.reason)] if part.reason else []
            if part.signal == "taste":
                said.append(f"a chance of {chance_of(part.value):.0%} that it is kept")
                if explained.mark:
                    said.append(f"near from {explained.mark.floor:.0%} on (`min_chance`)")
            value = f"{part.points:+.3f}  {part.signal} {part.value:.2f}"
            console.print(f"  {value}  [dim]{escape(' · '.join(said))}[/]")
    for sentence in sentences:
        how = f"{by_machine(ENGLISH, sentence.wording, sentence.model)} ({sentence.language})"
        came = sentence.text or f"nothing: {sentence.why}"
        console.print(f"\n[dim]{escape(how)}:[/] {escape(came)}", highlight=False)


def explained_json(
    paper: Paper, found: Sequence[Explained], sentences: Sequence[Sentence] = ()
) -> dict[str, object]:
    """Return what `show_explained` shows, as plain data."""
    return {
        "paper": paper.id,
        "title": paper.title,
        "topics": [
            {
                "topic": explained.topic.name,
                "title": explained.topic.title,
                "verdict": explained.verdict,
                "score": explained.pick.score.total if explained.pick else None,
                "chance": explained.mark.chance if explained.mark else None,
                "min_chance": explained.mark.floor if explained.mark else None,
                "parts": [
                    part_json(part)
                    for part in (explained.pick.score.parts if explained.pick else ())
                ],
            }
            for explained in found
        ],
        "sentences": [asdict(sentence) for sentence in sentences],
    }


def show_left_out(console: Console, paper: Paper, why: str) -> None:
    """Show why the issue cannot choose a paper."""
    console.print(f"[bold]{escape(paper.title)}[/]\n[dim]{escape(' · '.join(paper.keys))}[/]")
    console.print(f"\nnot to choose from: {escape(why)}")


def left_out_json(paper: Paper, why: str) -> dict[str, object]:
    """Return what `show_left_out` shows, as plain data."""
    return {"paper": paper.id, "title": paper.title, "left_out": why, "topics": []}


def why_nothing(papers: int, left_out: LeftOut, max_age_days: int) -> str:
    """Return why there are no picks: nothing to choose from, or nothing that a topic wants."""
    known = papers + left_out.offered + left_out.old + left_out.later
    if papers:
        from newsletter.learn.spaces import FEWEST  # noqa: PLC0415  loads numpy; seldom needed

        young = f"; likes count once {FEWEST} papers are known" if known < FEWEST else ""
        return (
            "No topic wants any of them: [bold]newsletter check[/] names terms that find nothing, "
            f"and [bold]newsletter pick --explain ID[/] tells of one paper{young}"
        )
    told = [
        f"{count} {why}"
        for count, why in (
            (left_out.offered, "were in other issues"),
            (left_out.old, f"are older than {max_age_days} days (`max_age_days`)"),
            (left_out.later, "were seen after the next issue was due"),
        )
        if count
    ]
    if not told:
        return "Nothing was collected yet: run [bold]newsletter collect[/] first"
    return f"Nothing to choose from: of {known} papers that are known, {', '.join(told)}"
