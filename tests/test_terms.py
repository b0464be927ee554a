"""Words become the terms that find them again."""

import pytest

from bot.errors import KnowledgeError
from bot.knowledge.terms import Terms

ENGLISH = Terms("english")


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("Hi, I need help with resetting my password. Can you guide me?", ("reset", "password")),
        ("Do you sell unicorn saddles?", ("sell", "unicorn", "saddl")),
        ("and how long does that take?", ("long", "take")),
        ("Shipping, shipped & ships!", ("ship",)),
        ("Where’s the customer's parcel?", ("custom", "parcel")),
        ("I can't log in", ("login",)),
        ("Hello! Thanks, please help me", ()),
        ("\u202eדרכון\u202c 😀", ("דרכון",)),
        ("", ()),
    ],
)
def test_a_question_is_about_its_words_that_matter(question: str, terms: tuple[str, ...]) -> None:
    assert ENGLISH.of_question(question) == terms


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("email", "Send an e-mail."),
        ("e-mail", "Send an email."),
        ("log in", "The login page"),
        ("logging in", "You can log in here."),
        ("selfhosted", "A self-hosted shop"),
        ("self hosted", "A self-hosted shop"),
        ("AC-9000", "The AC9000 kettle"),
        ("ac9000", "The AC-9000 kettle"),
        ("v4.3.0", "Upgrade to v4.3.0 now"),
        ("enable signup", "Set `ENABLE_ACCOUNT_SIGNUP=true`"),
        ("cafe", "Our Café"),
        ("crème brûlée", "creme brulee"),
        ("ﬁt", "It fits."),
        ("退货", "我们接受退货。"),
        ("हिन्दी", "यह हिन्दी है"),
    ],
)
def test_a_question_finds_other_spellings(question: str, text: str) -> None:
    asked = ENGLISH.of_question(question)
    assert asked
    assert set(asked) <= set(ENGLISH.of_text(text))


@pytest.mark.parametrize(
    "question",
    [
        "and how long does that take?",
        "how long?",
        "why?",
        "for Canada?",
        "What about exchanges then?",
    ],
)
def test_a_question_may_lean_on_those_before(question: str) -> None:
    assert ENGLISH.leans(question)


@pytest.mark.parametrize(
    "question",
    [
        "Refunds?",
        "How do I wash my jacket?",
        "Is it possible to send back a jacket that is worn?",
        "This is outrageous!",
        "Best regards,\nJane",
    ],
)
def test_a_question_may_stand_on_its_own(question: str) -> None:
    assert not ENGLISH.leans(question)


@pytest.mark.parametrize(
    ("language", "message", "question"),
    [
        ("english", "This is outrageous! Do you ship?", "Do you ship?"),
        ("english", "do you ship\nI'm absolutely furious\n", "do you ship"),
        ("english", "Hope you are well. Do you ship? Kind regards,\nJane Doe", "Do you ship?"),
        ("german", "Das ist eine Frechheit! Wo ist es? Viele Grüße, Jana", "Wo ist es?"),
        ("french", "C'est une honte ! Où livrez-vous ?", "Où livrez-vous ?"),
        ("spanish", "Estoy furioso. ¿Dónde envían? Saludos, Ana", "¿Dónde envían?"),
    ],
)
def test_an_outcry_is_about_nothing(language: str, message: str, question: str) -> None:
    terms = Terms(language)
    assert terms.of_question(message) == terms.of_question(question)


@pytest.mark.parametrize(
    ("said", "term"),
    [
        ("The zip of my jacket is a joke.", "zip"),
        ("I am upset that I was charged twice!", "charg"),
        ("I hope to return it.", "return"),
        ("Terrible. Horrible. Which jacket?", "jacket"),
        ("My regards to the team, but where is the parcel that I sent to my sister?", "parcel"),
        ("What is the lovely blanket made of?", "blanket"),
    ],
)
def test_what_an_upset_customer_tells_counts(said: str, term: str) -> None:
    assert term in ENGLISH.of_question(said)


@pytest.mark.parametrize("question", ["Good. And then?", "Seriously? Why?", "Right, but how?"])
def test_a_question_leans_whatever_is_cried_out_beside_it(question: str) -> None:
    assert ENGLISH.leans(question)


@pytest.mark.parametrize("sign", [" ", "\n", "! ", "regards, ", "shame. ", ",\n"])
def test_the_longest_outcry_takes_no_time(sign: str) -> None:
    assert len(ENGLISH.of_question("shame " + sign * (20_000 // len(sign)))) <= 2


def test_addresses_of_links_are_not_words_of_a_text() -> None:
    assert list(ENGLISH.of_text("See [shipping](/help/returns-and-refunds).")) == ["see", "ship"]


def test_a_word_without_an_end_is_no_term() -> None:
    assert list(ENGLISH.of_text("x" * 5_000)) == []


@pytest.mark.parametrize(
    ("language", "question", "terms"),
    [
        ("german", "Wie kann ich bitte meine Bestellungen stornieren?", ("bestell", "storni")),
        ("French", "Bonjour, où est l'adresse d'expédition ?", ("adress", "expedit")),
        ("spanish", "¿Cómo puedo devolver un pedido, por favor?", ("devolv", "ped")),
        ("russian", "как вернуть заказ", ("как", "вернут", "заказ")),
    ],
)
def test_other_languages_have_other_endings(
    language: str, question: str, terms: tuple[str, ...]
) -> None:
    assert Terms(language).of_question(question) == terms


def test_an_unknown_language_names_the_known_ones() -> None:
    with pytest.raises(KnowledgeError, match=r"for 'klingon'\. Set language under \[knowledge\]"):
        Terms("klingon")
