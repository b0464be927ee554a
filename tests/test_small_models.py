"""The small models that do tasks: each keeps its promise with a model that was really loaded."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sentencepiece
from transformers import XLMRobertaConfig, XLMRobertaForSequenceClassification

from bot.errors import LocalModelError
from bot.local import Head, Shape
from bot.messages import Author, Message, Passage
from bot.tasks.models.languages import ModelLanguages
from bot.tasks.models.moods import ModelMoods, ours
from bot.tasks.models.pieces import pieces
from bot.tasks.models.resident import Resident, Residents
from bot.tasks.models.spans import ModelSpans
from bot.tasks.models.summaries import ModelSummarizer
from bot.tasks.models.topics import ModelTopics
from bot.tasks.models.translations import ModelTranslator
from tests.tiny import lessons

Open = Callable[[Path, Head], Resident]
LABELS = dict.fromkeys(lessons.TOPICS, "")


@pytest.fixture
def resident() -> Iterator[Open]:
    """Return what gives the resident of a folder."""
    residents = Residents()
    yield lambda folder, head: residents.get(Shape(model=str(folder)), head=head)
    residents.close()


def _passages(*names: str) -> list[Passage]:
    return [
        Passage(id=n, article=name, title=name, headings=(), link="", text=lessons.PASSAGES[name])
        for n, name in enumerate(names or lessons.PASSAGES, 1)
    ]


async def test_an_upset_customer_is_told_from_a_content_one(
    tiny_classifier: Path, resident: Open
) -> None:
    moods = ModelMoods(resident(tiny_classifier, "sequence-classification"))
    found = [await moods.mood(text) for text in (lessons.UPSET[0], lessons.CALM[0])]
    assert [mood and mood.label for mood in found] == ["upset", "content"]
    assert all(mood and mood.score and mood.score > 0.9 for mood in found)


async def test_a_long_message_is_as_upset_as_its_most_upset_part(
    tiny_classifier: Path, resident: Open
) -> None:
    moods = ModelMoods(resident(tiny_classifier, "sequence-classification"))
    calm = " ".join(lessons.CALM) * 4
    assert (await moods.mood(calm)) is not None
    mood = await moods.mood(f"{calm} {' '.join(lessons.UPSET * 3)} {calm}")
    assert mood is not None
    assert mood.label == "upset"


async def test_a_vocabulary_may_come_as_sentencepiece_alone(tmp_path: Path, resident: Open) -> None:
    config = XLMRobertaConfig(
        vocab_size=100,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        id2label={0: "negative", 1: "neutral", 2: "positive"},
    )
    XLMRobertaForSequenceClassification(config).save_pretrained(tmp_path)
    with (tmp_path / "sentencepiece.bpe.model").open("wb") as model:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lessons.CALM),
            model_writer=model,
            vocab_size=90,
            hard_vocab_limit=False,
            minloglevel=2,
        )
    assert await ModelMoods(resident(tmp_path, "sequence-classification")).mood("It is late")


async def test_nothing_to_read_has_no_mood(tiny_classifier: Path, resident: Open) -> None:
    moods = ModelMoods(resident(tiny_classifier, "sequence-classification"))
    assert await moods.mood("  \n ") is None


@pytest.mark.parametrize(
    ("names", "meanings"),
    [
        ("NEGATIVE POSITIVE", "upset content"),
        ("negative neutral positive", "upset neutral content"),
        ("LABEL_0 LABEL_1", "upset content"),
        ("LABEL_0 LABEL_1 LABEL_2", "upset neutral content"),
        ("1_star 2_stars 3_stars 4_stars 5_stars", "upset upset neutral content content"),
        ("anger joy sadness love fear surprise", "upset content upset content neutral neutral"),
        ("Very_Negative Very_Positive", "upset content"),
    ],
)
def test_every_maker_names_moods_in_another_way(names: str, meanings: str) -> None:
    assert list(ours(names.split()).values()) == meanings.split()


async def test_a_model_that_knows_no_upset_customer_is_refused(
    tiny_topics: Path, resident: Open
) -> None:
    moods = ModelMoods(resident(tiny_topics, "sequence-classification"))
    with pytest.raises(LocalModelError, match="labels shipping, returns, account: none of them"):
        await moods.mood("Hello")


async def test_a_model_of_another_kind_is_refused(tiny_gpt2: Path, resident: Open) -> None:
    model = resident(tiny_gpt2, "sequence-classification")
    with pytest.raises(LocalModelError, match=r"is a GPT2LMHeadModel: .* sort a text"):
        await ModelMoods(model).mood("Hello")


@pytest.mark.parametrize("model", ["topics", "nli"])
async def test_a_message_goes_under_the_company_s_label(
    model: str, tiny: Callable[[str], Path], resident: Open
) -> None:
    topics = ModelTopics(resident(tiny(model), "sequence-classification"), labels=LABELS)
    for label, texts in lessons.TOPICS.items():
        for text in texts:
            topic = await topics.topic(text, LABELS)
            assert topic is not None
            assert topic.label == label
            assert topic.score is not None
            assert topic.score > 0.8


async def test_a_long_message_has_one_topic(tiny: Callable[[str], Path], resident: Open) -> None:
    topics = ModelTopics(resident(tiny("nli"), "sequence-classification"), labels=LABELS)
    assert await topics.topic("When does my parcel arrive? " * 100, LABELS) is not None


async def test_topics_that_a_model_does_not_know_are_refused(
    tiny_classifier: Path, resident: Open
) -> None:
    topics = ModelTopics(resident(tiny_classifier, "sequence-classification"), labels=LABELS)
    with pytest.raises(LocalModelError, match="not your topic 'shipping'"):
        await topics.topic("Where is it?", LABELS)


async def test_a_label_that_is_no_language_is_refused(
    tiny_classifier: Path, resident: Open
) -> None:
    languages = ModelLanguages(resident(tiny_classifier, "sequence-classification"))
    assert await languages.language("12345") is None
    with pytest.raises(LocalModelError, match="'NEGATIVE', which is no language's code"):
        await languages.language("Hello")


async def test_a_conversation_is_summed_up(tiny_bart: Path, resident: Open) -> None:
    summarizer = ModelSummarizer(resident(tiny_bart, "seq2seq-lm"))
    said = [
        _said(1, Author.CUSTOMER, "How do I reset my password?"),
        _said(2, Author.BOT, "Open the sign-in page and choose Forgot password. [1]"),
    ]
    assert await summarizer.summarize("", said) == lessons.SUMMARIES[0][1]
    assert await summarizer.summarize("Before.", []) == "Before."


async def test_a_conversation_longer_than_the_model_reads_is_summed_up_in_pieces(
    tiny_bart: Path, resident: Open
) -> None:
    summarizer = ModelSummarizer(resident(tiny_bart, "seq2seq-lm"))
    long = [_said(n, Author.CUSTOMER, lessons.SUMMARIES[0][0]) for n in range(1, 60)]
    summary = await summarizer.summarize("Before.", long)
    assert summary
    assert len(summary) < 1000


def _said(seq: int, author: Author, text: str) -> Message:
    return Message(seq=seq, author=author, text=text, tokens=1, at=0.0)


async def test_a_translation_keeps_marks_and_links(tiny_marian_back: Path, resident: Open) -> None:
    translator = ModelTranslator({"en-de": resident(tiny_marian_back, "seq2seq-lm")})
    text = (
        "Here is what our help centre says:\n\n> Parcels arrive within 3 working days. [1]\n"
        "> Shipping costs 4.90 euros. [2] https://example.com/shipping"
    )
    assert await translator.translate(text, source="en", target="de-AT") == (
        "Das sagt unser Hilfebereich:\n\n> Pakete kommen innerhalb von 3 Werktagen an. [1]\n"
        "> Der Versand kostet 4,90 Euro. [2] https://example.com/shipping"
    )


async def test_a_pair_that_no_model_translates_is_told(
    tiny_marian_back: Path, resident: Open
) -> None:
    translator = ModelTranslator({"en-de": resident(tiny_marian_back, "seq2seq-lm")})
    with pytest.raises(LookupError, match="No model translates fr-en; there are: en-de"):
        await translator.translate("Bonjour", source="fr", target="en")


async def test_the_exact_words_that_answer_are_found(tiny_roberta_qa: Path, resident: Open) -> None:
    spans = ModelSpans(resident(tiny_roberta_qa, "question-answering"))
    for question, name, answer in lessons.SPANS:
        (passage,) = _passages(name)
        span = await spans.span(question, [passage])
        if not answer:
            assert span is None
            continue
        assert span is not None
        assert span.text == answer
        assert passage.text[span.start : span.end] == answer
        assert span.score > 0.5


async def test_a_span_tells_its_passage_and_every_window_is_read(
    tiny_roberta_qa: Path, resident: Open
) -> None:
    spans = ModelSpans(resident(tiny_roberta_qa, "question-answering"))
    long = Passage(
        id=9, article="", title="", headings=(), link="", text=lessons.PASSAGES["returns"] * 40
    )
    span = await spans.span("How long does shipping take?", [long, *_passages("shipping")])
    assert span is not None
    assert [long, *_passages("shipping")][span.passage].text[span.start : span.end] == span.text
    assert await spans.span("How long does shipping take?", []) is None


async def test_a_question_that_leaves_no_room_is_told(
    tiny_roberta_qa: Path, resident: Open
) -> None:
    spans = ModelSpans(resident(tiny_roberta_qa, "question-answering"))
    with pytest.raises(ValueError, match="tokens, and the model reads"):
        await spans.span("How long? " * 400, _passages())


def test_two_tasks_share_a_model(tmp_path: Path) -> None:
    residents = Residents()
    shape = Shape(model=str(tmp_path))
    first = residents.get(shape, head="seq2seq-lm")
    assert residents.get(Shape(model=str(tmp_path)), head="seq2seq-lm") is first
    assert residents.get(shape, head="question-answering") is not first
    residents.close()


@pytest.mark.parametrize(
    "text", ["One. Two three four five! Six?", "a" * 50, "no end of words " * 20, "一。二三四五"]
)
def test_pieces_leave_nothing_out(text: str) -> None:
    cut = pieces(text, room=10, count=len)
    assert all(len(piece) <= 10 for piece in cut)
    assert "".join("".join(cut).split()) == "".join(text.split())
