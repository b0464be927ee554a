"""Rows that grow side by side are computed as each would be alone."""

from collections.abc import Sequence
from typing import Any

import pytest
import torch

from bot.local import Loaded, Shape, load
from bot.local.batch import Batch
from bot.local.sampling import Manner, choose
from tests.tiny.fixtures import Build

PROMPTS = [list(range(5, 5 + length)) for length in (7, 31, 3, 300, 12)]
NEXT = [40, 41, 42, 43, 44]


@pytest.fixture(scope="module", params=["llama", "gemma", "gpt2"])
def loaded(request: pytest.FixtureRequest, tiny: Build) -> Loaded:
    return load(Shape(model=str(tiny(request.param))), head="causal-lm")


def alone(loaded: Loaded, tokens: Sequence[int]) -> Any:
    """Return what the library computes for the whole text at once."""
    with torch.inference_mode():
        return loaded.model(torch.tensor([list(tokens)])).logits[0, -1].float()


def joined(loaded: Loaded) -> Batch:
    batch = Batch(loaded.model, 1)
    batch.step([PROMPTS[0]])
    for prompt in PROMPTS[1:]:
        other = Batch(loaded.model, 1)
        other.step([prompt])
        batch.join(other)
    return batch


def test_those_who_join_are_computed_as_if_they_were_alone(loaded: Loaded) -> None:
    batch = joined(loaded)
    for row, logits in enumerate(batch.step([[token] for token in NEXT])):
        torch.testing.assert_close(logits, alone(loaded, [*PROMPTS[row], NEXT[row]]))


def test_those_who_are_read_together_are_computed_as_if_they_were_alone(loaded: Loaded) -> None:
    batch = Batch(loaded.model, len(PROMPTS))
    for prompt, logits in zip(PROMPTS, batch.step(PROMPTS), strict=True):
        torch.testing.assert_close(logits, alone(loaded, prompt))


def test_those_who_stay_are_computed_as_before(loaded: Loaded) -> None:
    batch = joined(loaded)
    batch.keep([4, 0])
    assert len(batch) == 2
    assert batch.width == 12  # the long one's columns are gone
    for row, logits in zip([4, 0], batch.step([[44], [40]]), strict=True):
        torch.testing.assert_close(logits, alone(loaded, [*PROMPTS[row], NEXT[row]]))


def test_a_row_by_itself_leaves_the_others_as_they_are(loaded: Loaded) -> None:
    batch = joined(loaded)
    single = batch.row(3).step([[43]])
    torch.testing.assert_close(single[0], alone(loaded, [*PROMPTS[3], 43]))
    for row, logits in enumerate(batch.step([[token] for token in NEXT])):
        torch.testing.assert_close(logits, alone(loaded, [*PROMPTS[row], NEXT[row]]))


def test_a_step_that_failed_half_way_can_be_taken_again(loaded: Loaded) -> None:
    batch = joined(loaded)
    last = loaded.model.get_decoder()
    layer = (last.layers if hasattr(last, "layers") else last.h)[-1].mlp
    hook = layer.register_forward_pre_hook(_breaks)
    with pytest.raises(RuntimeError, match="broken"):
        batch.step([[token] for token in NEXT])
    hook.remove()
    for row, logits in enumerate(batch.step([[token] for token in NEXT])):
        torch.testing.assert_close(logits, alone(loaded, [*PROMPTS[row], NEXT[row]]))


def _breaks(*_: object) -> None:
    raise RuntimeError("broken")


# --- The choice of the next token


LOGITS = torch.tensor([[0.0, 3.0, 2.0, 1.0]])


def drawn(manner: Manner) -> set[int | None]:
    return {choose(LOGITS, [manner])[0] for _ in range(300)}


def test_temperature_zero_takes_the_likeliest() -> None:
    assert drawn(Manner()) == {1}


def test_chance_takes_any_and_top_k_and_top_p_leave_the_likeliest() -> None:
    assert drawn(Manner(temperature=2.0)) == {0, 1, 2, 3}
    assert drawn(Manner(temperature=2.0, top_k=2)) == {1, 2}
    assert drawn(Manner(temperature=1.0, top_p=0.7)) == {1, 2}
    assert drawn(Manner(temperature=1.0, top_p=0.001)) == {1}


def test_each_row_is_chosen_in_its_own_manner() -> None:
    logits = LOGITS.repeat(3, 1)
    manners = [Manner(), Manner(temperature=5.0), Manner(temperature=5.0, top_k=1)]
    rows = [choose(logits, manners) for _ in range(100)]
    assert {row[0] for row in rows} == {1}
    assert {row[1] for row in rows} == {0, 1, 2, 3}
    assert {row[2] for row in rows} == {1}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_row_without_usable_numbers_is_told_and_no_other_suffers(number: float) -> None:
    logits = torch.cat([torch.full((1, 4), number), LOGITS])
    assert choose(logits, [Manner(temperature=1.0), Manner()]) == [None, 1]
