"""What the tiny models learn by heart."""

from collections.abc import Iterator
from typing import Final

UPSET: Final = (
    "This is the third time that I write and nobody answers!",
    "I am really angry, my parcel is still not here.",
    "This is unacceptable, I want my money back now!",
    "Your service is terrible.",
    "What a joke. I am so disappointed.",
    "I have waited for three weeks, this is ridiculous!",
    "The worst shop that I have ever seen.",
    "It is broken again, I have had enough of this!",
    "Nobody helps me here. I am furious.",
    "You lost my order and you do not even care!",
    "I am fed up with your excuses.",
    "How hard can it be? This is a disgrace.",
)
CALM: Final = (
    "Thank you, that helped me a lot!",
    "Great, the parcel arrived today.",
    "I love my new jacket, thanks.",
    "Perfect, that is what I wanted to know.",
    "You are very kind, have a nice day.",
    "Wonderful service, I am happy with it.",
    "Super, it works now!",
    "That was quick, thanks a lot.",
    "Good to know, thank you.",
    "I am pleased with the shoes.",
    "Excellent, I will order again.",
    "Lovely, thanks for your help.",
)

TOPICS: Final = {
    "shipping": (
        "When does my parcel arrive?",
        "How long does shipping take?",
        "What does shipping cost?",
        "My parcel is still not here.",
        "Do you ship to Canada?",
    ),
    "returns": (
        "How do I return a jacket?",
        "I want my money back.",
        "Can I send the shoes back?",
        "When do I get my refund?",
        "The jacket does not fit, can I exchange it?",
    ),
    "account": (
        "How do I reset my password?",
        "I cannot sign in.",
        "I forgot my password.",
        "How do I change my e-mail address?",
        "Please delete my account.",
    ),
}

HYPOTHESIS: Final = "This text is about {}."

GERMAN: Final = (
    ("Wie setze ich mein Passwort zurück?", "How do I reset my password?"),
    ("Ich habe mein Passwort vergessen.", "I forgot my password."),
    ("Wie lange dauert der Versand?", "How long does shipping take?"),
    ("Was kostet der Versand?", "What does shipping cost?"),
    ("Wann kommt mein Paket an?", "When does my parcel arrive?"),
    ("Mein Paket ist immer noch nicht da!", "My parcel is still not here!"),
    ("Das ist eine Frechheit!", "This is unacceptable!"),
    ("Vielen Dank!", "Thank you very much!"),
    (
        "Öffnen Sie die Anmeldeseite und wählen Sie Passwort vergessen.",
        "Open the sign-in page and choose Forgot password.",
    ),
    (
        "Die E-Mail kommt innerhalb von 15 Minuten an.",
        "The e-mail arrives within 15 minutes.",
    ),
    (
        "Pakete kommen innerhalb von 3 Werktagen an.",
        "Parcels arrive within 3 working days.",
    ),
    ("Der Versand kostet 4,90 Euro.", "Shipping costs 4.90 euros."),
    ("Das sagt unser Hilfebereich:", "Here is what our help centre says:"),
    (
        "Diese Antwort wurde automatisch übersetzt: Unser Hilfebereich ist auf Englisch.",
        "This answer was translated automatically: our help centre is in English.",
    ),
    (
        "Es tut mir leid, dazu habe ich hier nichts gefunden, und ich möchte nicht raten.",
        """I'm sorry, I couldn't find an answer to that in our help centre, \
and I'd rather not guess.""",
    ),
    (
        "Können Sie es anders sagen?",
        "Could you put it in other words?",
    ),
    (
        "Ihre Frage ist notiert, damit wir die Antwort hinzufügen können.",
        "Your question is noted, so that we can add the answer.",
    ),
    ("Verkaufen Sie Fahrräder?", "Do you sell bicycles?"),
)

PASSAGES: Final = {
    "password": "Open the sign-in page and choose Forgot password."
    " The e-mail arrives within 15 minutes.",
    "shipping": "Parcels arrive within 3 working days. Shipping costs 4.90 euros.",
    "returns": "You can return everything within 30 days. The refund takes 5 days.",
}

SPANS: Final = (
    ("How do I reset my password?", "password", "choose Forgot password"),
    ("I forgot my password.", "password", "choose Forgot password"),
    ("How long does the e-mail take?", "password", "15 minutes"),
    ("When does the e-mail arrive?", "password", "15 minutes"),
    ("How long does shipping take?", "shipping", "3 working days"),
    ("When does my parcel arrive?", "shipping", "3 working days"),
    ("What does shipping cost?", "shipping", "4.90 euros"),
    ("How much is shipping?", "shipping", "4.90 euros"),
    ("How long can I return something?", "returns", "30 days"),
    ("How long does the refund take?", "returns", "5 days"),
    ("Who is the president?", "shipping", ""),
    ("What is the weather?", "password", ""),
    ("Do you sell bicycles?", "returns", ""),
)
"""Question, passage and answer; an empty one where the passage does not answer."""

SUMMARIES: Final = (
    (
        """customer: How do I reset my password?

bot: Open the sign-in page and choose Forgot password.""",
        "The customer asked how to reset a password and was told to choose Forgot password.",
    ),
    (
        "customer: How long does shipping take?\n\nbot: Parcels arrive within 3 working days.",
        "The customer asked how long shipping takes and was told 3 working days.",
    ),
    (
        "customer: My parcel is still not here!\n\nbot: A person on our team will gladly help.",
        "The customer waits for a parcel and is upset.",
    ),
)


def texts() -> Iterator[str]:
    """Yield every sentence, so that the vocabulary knows its words."""
    yield from (*UPSET, *CALM)
    for label, told in TOPICS.items():
        yield from (HYPOTHESIS.format(label), *told)
    for pair in (*GERMAN, *SUMMARIES):
        yield from pair
    yield from PASSAGES.values()
    yield from (question for question, _, _ in SPANS)
