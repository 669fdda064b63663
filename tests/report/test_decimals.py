"""Numbers that are written together read as those that are written one by one."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ectopy.analysis import plain
from ectopy.report._decimals import decimals

numbers = st.one_of(
    st.floats(0, 1),
    st.floats(0, 2e-4),
    st.floats(0, 1e9 - 2),
    st.integers(0, 1000).map(lambda n: n / 1e6),
    st.just(float("nan")),
)


@given(st.lists(numbers, max_size=40), st.sampled_from([np.float32, np.float64]))
def test_a_list_is_that_of_json(values: list[float], dtype: type) -> None:
    array = np.array(values, dtype)
    text = decimals(array)
    assert text is None or text == json.dumps(plain(array))[1:-1]
    assert text is not None or np.nanmax(array) >= 999_999_999


@given(st.lists(st.tuples(*[numbers] * 5), min_size=1, max_size=10))
def test_rows_are_lists_of_their_own(values: list[tuple[float, ...]]) -> None:
    array = np.array(values)
    assert decimals(array) == json.dumps(plain(array))[1:-1]


@pytest.mark.parametrize("odd", [-0.5, -0.0, np.inf, 1e9])
def test_what_has_no_room_is_left_to_json(odd: float) -> None:
    assert decimals(np.array([0.5, odd])) is None
