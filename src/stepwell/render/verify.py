"""What `verify` proved, as text, as a document, and as JUnit XML for CI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from stepwell.core.proof import Verdict
from stepwell.render.cells import one_line, pad, printable, width
from stepwell.render.view import Badge, Tone
from stepwell.render.when import elapsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.core.proof import Proof, VerifyReport
    from stepwell.render.view import View

VERDICTS = {
    Verdict.PROVED: Badge("✔", "+", "proved", Tone.GOOD),
    Verdict.IRREVERSIBLE: Badge("↷", ">", "irreversible", Tone.WARNING),
    Verdict.LOSSY: Badge("≠", "~", "lossy", Tone.WARNING),
    Verdict.FAILS_ON_ROWS: Badge("✘", "x", "fails on existing rows", Tone.BAD),
    Verdict.BROKEN: Badge("✘", "x", "broken", Tone.BAD),
}
_CONTROL = {code: "?" for code in range(32) if chr(code) not in "\t\n\r"}  # what XML can't hold


def verify_text(report: VerifyReport, view: View) -> str:
    """A line for each migration with its verdict, the reasons below it, and the sum."""
    if not report.proofs:
        return (
            f"nothing has changed since {report.since}\n" if report.since else "there is nothing to verify\n"
        )
    found = ", ".join(
        f"{report.count(verdict)} {badge.word}"
        for verdict, badge in VERDICTS.items()
        if report.count(verdict)
    )
    return proofs_text(report, view) + f"{found} in {elapsed(report.elapsed_ms)}\n"


def proofs_text(report: VerifyReport, view: View) -> str:
    """A line for each migration with its verdict, and the reasons below it."""
    return "".join(f"{line}\n" for proof in report.proofs for line in _proof(proof, report, view))


def _proof(proof: Proof, report: VerifyReport, view: View) -> Iterator[str]:
    badge = VERDICTS[proof.verdict]
    room = max(width(VERDICTS[each.verdict].text(view)) for each in report.proofs)
    word = badge.text(view)
    painted = view.paint(word, badge.tone) + pad("", room - width(word))
    time = "cached" if proof.cached else elapsed(proof.elapsed_ms)
    yield f"{painted}  {one_line(f'{proof.version} {proof.name}')}  {view.paint(time, Tone.FAINT)}".rstrip()
    for reason in proof.reasons:
        yield f"    {one_line(reason)}"
    for note in proof.notes:
        yield f"    {view.paint(one_line(note), Tone.FAINT)}"


def verify_document(report: VerifyReport) -> dict[str, Any]:
    """The document of `verify`."""
    return {
        "format": 1,
        "ok": report.ok,
        "strict": report.strict,
        "engine": report.where,
        "since": report.since,
        "elapsed_ms": report.elapsed_ms,
        "counts": {verdict.value: report.count(verdict) for verdict in Verdict},
        "migrations": [
            {
                "version": proof.version.text,
                "name": proof.name,
                "path": proof.path,
                "verdict": proof.verdict.value,
                "reasons": list(proof.reasons),
                "notes": list(proof.notes),
                "elapsed_ms": proof.elapsed_ms,
                "cached": proof.cached,
            }
            for proof in report.proofs
        ],
        "error": None,
    }


def verify_junit(report: VerifyReport) -> str:
    """The same as a JUnit report: a case for each migration."""
    bad = [proof for proof in report.proofs if report.is_bad(proof)]
    cases = "".join(_case(proof, report) for proof in report.proofs)
    head = f'<testsuite name="stepwell verify" tests="{len(report.proofs)}" failures="{len(bad)}"'
    seconds = report.elapsed_ms / 1000
    body = f'{head} time="{seconds:.3f}">\n{cases}</testsuite>\n'
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + body


def _case(proof: Proof, report: VerifyReport) -> str:
    name = quoteattr(_xml(f"{proof.version} {proof.name}"))
    head = f'  <testcase classname="migrations" name={name} time="{(proof.elapsed_ms or 0.0) / 1000:.3f}"'
    told = "\n".join([*proof.reasons, *proof.notes, *(["cached"] if proof.cached else [])])
    if report.is_bad(proof):
        word = quoteattr(VERDICTS[proof.verdict].word)
        return f"{head}>\n    <failure message={word}>{escape(_xml(told))}</failure>\n  </testcase>\n"
    if told:
        return f"{head}>\n    <system-out>{escape(_xml(told))}</system-out>\n  </testcase>\n"
    return f"{head}/>\n"


def _xml(text: str) -> str:
    return printable(text).translate(_CONTROL)


__all__ = ["VERDICTS", "proofs_text", "verify_document", "verify_junit", "verify_text"]
