"""How many tokens a text takes, held against the counts of real tokenizers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.window.tokens import count_tokens, shortened

# What cl100k_base or o200k_base counts for a text, the larger of the two.
COUNTED = [
    pytest.param(
        31,
        "Hi, I ordered a pair of hiking boots last Tuesday and the tracking page still says "
        "that the parcel has not left your warehouse. When will it arrive?",
        id="English",
    ),
    pytest.param(
        24,
        "WHERE IS MY ORDER??? I HAVE BEEN WAITING FOR THREE WEEKS AND NOBODY ANSWERS THE PHONE!",
        id="shouting",
    ),
    pytest.param(
        51,
        "1. Open the sign-in page and choose **Forgot your password?**\n"
        "2. Follow the link in our mail; it is valid for 30 minutes.\n"
        "\n"
        "| Country | Days |\n"
        "|---|---:|\n"
        "| Austria | 3-5 |",
        id="Markdown",
    ),
    pytest.param(
        43,
        "Guten Tag, ich habe vor zwei Wochen eine Waschmaschine bestellt und leider noch "
        "keine Versandbestätigung erhalten. Wäre eine Rücksendung innerhalb der "
        "Widerrufsfrist kostenlos?",
        id="German",
    ),
    pytest.param(
        29,
        "Bonjour, j'ai passé une commande il y a dix jours et je n'ai toujours pas reçu de "
        "confirmation d'expédition.",
        id="French",
    ),
    pytest.param(
        35,
        "Hei, tilasin kaksi viikkoa sitten pesukoneen enkä ole vieläkään saanut "
        "toimitusvahvistusta.",
        id="Finnish",
    ),
    pytest.param(
        40,
        "Здравствуйте, на прошлой неделе я заказал походные ботинки, но посылка не покинула склад.",
        id="Russian",
    ),
    pytest.param(
        69,
        "Γεια σας, παρήγγειλα ένα ζευγάρι μπότες πεζοπορίας την περασμένη εβδομάδα.",
        id="Greek",
    ),
    pytest.param(
        51,
        "您好，我上周订购了一双登山鞋，但是物流页面仍然显示包裹还没有离开仓库。请问什么时候可以送达？",
        id="Chinese",
    ),
    pytest.param(
        32,
        "こんにちは、先週登山靴を注文しましたが、いつ届くか教えていただけますか。",
        id="Japanese",
    ),
    pytest.param(
        44,
        "안녕하세요, 지난주에 등산화를 주문했는데 언제 도착하는지 알려 주실 수 있나요?",
        id="Korean",
    ),
    pytest.param(
        59,
        "مرحبا، لقد طلبت زوجًا من أحذية المشي لمسافات طويلة الأسبوع الماضي. متى سيصل؟",
        id="Arabic",
    ),
    pytest.param(
        86,
        "नमस्ते, मैंने पिछले सप्ताह जूते का एक जोड़ा मंगवाया था। कृपया बताएं कि यह कब आएगा?",
        id="Hindi",
    ),
    pytest.param(
        57,
        "😀👍🏽🎉👨‍👩‍👧‍👦🇩🇪❤️🙏😭🔥✨🥳📦🚚",
        id="emoji",
    ),
    pytest.param(
        48,
        "def total(items: list[Item], *, rate: float = 0.19) -> float:\n"
        "    net = sum(item.price * item.count for item in items)\n"
        "    return round(net * (1 + rate), 2)\n",
        id="code",
    ),
    pytest.param(
        39,
        '{"order_id":"A-10293","items":[{"sku":"BT-42-BLK","qty":1,"price":129.95}],"ship_to"'
        ':{"zip":"80331"}}',
        id="JSON",
    ),
    pytest.param(
        48,
        "https://shop.example.com/account/orders/8f3a9c2e-11d4-4b7a-9c55-0e6f2b1d7a33?utm_sou"
        "rce=mail#tracking",
        id="a link",
    ),
    pytest.param(
        33,
        "4929 1234 5678 9012 0049 89 1234567 2026-11-22 14:03:59",
        id="numbers",
    ),
    pytest.param(
        61,
        "Q3VzdG9tZXIgc3VwcG9ydCBpcyBhIHF1aWV0IGFydCBvZiByZWFkaW5nIHdoYXQgc29tZW9uZSBtZWFucw==",
        id="base64",
    ),
]


@pytest.mark.parametrize(("counted", "text"), COUNTED)
def test_an_estimate_is_near_what_tokenizers_count(counted: int, text: str) -> None:
    assert 0.75 * counted <= count_tokens(text) <= 2 * counted


def test_no_text_takes_no_tokens() -> None:
    assert count_tokens("") == 0


def test_what_cannot_be_encoded_is_counted_all_the_same() -> None:
    assert count_tokens("half a pair: \ud83d") > 0


def test_an_indent_counts_but_the_space_before_a_word_does_not() -> None:
    assert count_tokens("a b") == 2
    assert count_tokens("a\n    b") == 4


@given(st.text(), st.text())
def test_two_paragraphs_take_no_more_than_each_alone_and_the_line_between(a: str, b: str) -> None:
    assert count_tokens(f"{a}\n\n{b}") <= count_tokens(a) + count_tokens(b) + 2


@given(st.text(max_size=2000), st.integers(0, 400))
def test_a_shortened_text_fits(text: str, tokens: int) -> None:
    assert count_tokens(shortened(text, tokens)) <= tokens


def test_a_text_that_fits_stays_as_it_is() -> None:
    assert shortened("Where is my order?", 20) == "Where is my order?"


def test_a_long_text_keeps_its_beginning_and_its_end_and_says_what_is_missing() -> None:
    text = "First of all, hello. " + "la " * 5000 + "So, where is my order?"
    short = shortened(text, 60)
    assert short.startswith("First of all, hello.")
    assert short.endswith("where is my order?")
    assert "characters left out" in short
    assert 55 <= count_tokens(short) <= 60


def test_nothing_is_left_where_not_even_the_note_fits() -> None:
    assert shortened("word " * 100, 3) == ""
