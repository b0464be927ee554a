"""The forms in Markdown that are more than words: code, comments, tags, pictures."""

import html
import re

_ATTRIBUTE_VALUE = (
    r"""(?:"[^"]{0,2000}"|'[^']{0,2000}'"""
    r"""|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]{0,500}\}){0,500}\}){0,2000}\}|[^\s"'{}<>=`]+)"""
)
_ATTRIBUTE = rf"[a-z_:@][\w:.-]*(?:\s*=\s*{_ATTRIBUTE_VALUE})?"

# Whatever begins first wins, so that nothing inside code is taken for a tag. Every repetition is
# bounded or runs to the end of the file at most once: a file of one long line stays cheap.
_FORMS = {
    "fence": (
        r"^[ \t]*(?P<ticks>`{3,}|~{3,})[^`\n]*"
        r"(?:\n(?s:.*?)(?:^[ \t]*(?P=ticks)[`~]*[ \t]*$|\Z)|\Z)"
    ),
    "code": r"(?<!`)(?P<tick>`+)(?!`)(?:(?!\n[ \t]*\n)(?s:.)){1,2000}?(?<!`)(?P=tick)(?!`)",
    "comment": r"<!--(?s:.*?)(?:-->|\Z)|\{/\*(?s:.*?)(?:\*/\}|\Z)|\{(?:\" \"|' ')\}",
    "module": (
        r"^import (?:[\w*{},\s$]{1,500} from )?[\"'][^\"'\n]+[\"'];?[ \t]*$"
        r"|^export (?:default|const|let|var|function|class|\*|\{)(?:[^\n]+\n?)*"
    ),
    "unseen": r"<(?P<name>script|style|svg)\b[^>]{0,2000}>(?s:.*?)(?:</(?P=name)\s*>|\Z)",
    "folded": (
        r"<details\b[^>]{0,500}>\s*<summary\b[^>]{0,500}>(?P<summary>(?s:.){0,500}?)</summary>"
    ),
    "image": (
        r"!\[(?P<alt>[^\[\]\n]{0,1000})\]"
        r"(?:\((?:[^()\n]|\([^()\n]{0,500}\)){0,2000}\)|\[[^\]\n]{0,500}\])"
    ),
    "tag": (
        rf"<(?P<close>/?)(?P<tagname>[A-Za-z][\w.:-]*)"
        rf"(?P<attributes>(?:(?:\s+|(?<=[\"'}}]))(?:{_ATTRIBUTE}|\{{\.\.\.[^{{}}]{{0,500}}\}}))*)"
        rf"\s*(?P<void>/?)>"
    ),
}
FORM = re.compile("|".join(f"(?P<{name}>{form})" for name, form in _FORMS.items()), re.MULTILINE)
_PAIR = re.compile(rf"([a-zA-Z_:@][\w:.-]*)\s*=\s*({_ATTRIBUTE_VALUE})")


def attributes(written: str) -> dict[str, str]:
    """Return a tag's attributes that are text: ``title="Fees" icon={<Coin/>}`` has a title."""
    pairs = ((name.lower(), value) for name, value in _PAIR.findall(written))
    return {
        name: html.unescape(value.strip("{}").strip("\"'`"))
        for name, value in pairs
        if not value.startswith("{<")
    }
