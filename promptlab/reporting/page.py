"""The whole file: one page that asks for nothing, runs one script, its own, and shows the samples as text."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib import resources

from promptlab import __version__, markup
from promptlab.reporting import elements
from promptlab.reporting.gathering import Gathered
from promptlab.reporting.samples import Embedded

_VIEWER = """
<form id=filters>
<label>Run <select id=by-run></select></label>
<label>Model <select id=by-model></select></label>
<label>Condition <select id=by-condition></select></label>
<label>Ending <select id=by-ending></select></label>
<label>Grade <select id=by-grade></select></label>
<label>Text <input id=by-text type=search autocomplete=off spellcheck=false></label>
</form>
<p id=count role=status></p>
<div id=samples></div>
<nav aria-label="pages of samples"><button type=button id=before>Earlier</button>
<button type=button id=after>Later</button></nav>
<noscript><p>Samples are shown by the page's own script, which does not run here.</p></noscript>
"""


def page(gathered: Gathered, found: str, parts: Sequence[str], embedded: Embedded, notes: Sequence[str]) -> str:
    """The file's text: `found` comes first, `parts` are sections of HTML."""
    script, style = _asset("page.js"), _asset("page.css")
    # As strict as a page can be: no request of any kind, no script and no style but these two.
    policy = f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data:; "
    policy += "base-uri 'none'; form-action 'none'"
    return "\n".join(
        [
            "<!DOCTYPE html>",
            "<html lang=en><head><meta charset=utf-8>",
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name=referrer content=no-referrer><meta name=viewport content="width=device-width">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{markup.escape(gathered.title, 200)}</title><style>{style}</style></head><body><main>",
            f"<h1 dir=auto>{markup.escape(gathered.title, 500)}</h1>",
            elements.facts(gathered.about),
            found,
            elements.section("Run by run", *parts),
            elements.section("Samples", elements.paragraph(embedded.note, "note"), _VIEWER),
            elements.section("About this file", markup.bullets([*notes, _MADE])),
            f'</main><script type="application/json" id=data>{embedded.json()}</script>',
            f"<script>{script}</script></body></html>\n",
        ]
    )


_MADE = (
    f"Made by promptlab {__version__} from saved records, without a call of any model: the same records give the same "
    "file. It asks for nothing over a network, and shows what a model wrote as text only."
)


@cache
def _asset(name: str) -> str:
    return resources.files("promptlab.reporting").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
