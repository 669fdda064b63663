"""Recipes and their options: faithful to their sources, and honest about what they do."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra 'train'")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from ectopy.errors import TrainingError  # noqa: E402
from ectopy.training import export  # noqa: E402
from ectopy.training.augment import Warp, mix  # noqa: E402
from ectopy.training.fit import Rows, _order, fit, predict  # noqa: E402
from ectopy.training.rebalance import SEEDS, Rebalance  # noqa: E402
from ectopy.training.recipes import RECIPES, find_recipe  # noqa: E402
from ectopy.training.recipes.best import USUAL_HEIGHT, height  # noqa: E402
from ectopy.training.schedules import Constant, Cosine, Plateau, Stairs  # noqa: E402
from ectopy.training.train import Options, find_device  # noqa: E402


@pytest.mark.parametrize(
    ("recipe", "size"), [("notebook", 117_957), ("kachuee", 55_013), ("cvxtz", 254_901)]
)
def test_the_networks_have_the_sizes_of_their_sources(recipe, size):
    assert sum(p.numel() for p in RECIPES[recipe].network().parameters()) == size


def test_the_best_network_fits_in_a_megabyte(tmp_path):
    rows = np.random.default_rng(0).random((8, 1, 187), np.float32)
    export.export_onnx(find_recipe("best").network(), rows, tmp_path / "model.onnx")
    assert (tmp_path / "model.onnx").stat().st_size <= 1_000_000


@given(high=st.integers(2, 2000), low=st.integers(-3000, 3000), seed=st.integers(0, 99))
def test_the_height_of_a_beat_can_be_told_from_its_row(high, low, seed):
    whole = low + np.random.default_rng(seed).integers(0, high + 1, 150)
    whole[:3] = low, low + 1, low + high  # two of them a step apart, as in any slow signal
    row = np.zeros(187, np.float32)
    row[:150] = (whole - low) / high
    told = height(torch.from_numpy(row)[None, None])
    assert told.shape == (1, 1, 187)
    wanted = np.log(np.clip(high, 100, 1200) / USUAL_HEIGHT)
    np.testing.assert_allclose(told, wanted, atol=1e-3)


def test_a_row_without_steps_has_the_usual_height():
    random = torch.Generator().manual_seed(0)
    rows = torch.rand(20, 1, 187, generator=random)
    flat = torch.zeros(3, 1, 187)
    assert (height(torch.cat([rows, flat, flat + 0.5])) == 0).all()


def test_the_network_tells_the_height_by_itself_where_it_is_not_beside_the_row():
    torch.manual_seed(0)
    rows = (torch.rand(8, 1, 187) * 300).round() / 300
    network = find_recipe("best").network().eval()
    with torch.inference_mode():
        alone, beside = network(rows), network(torch.cat([rows, height(rows)], dim=1))
    torch.testing.assert_close(alone, beside)


@pytest.mark.parametrize("recipe", RECIPES)
def test_settings_can_be_written_and_name_every_choice(recipe):
    import json

    told = json.loads(json.dumps(RECIPES[recipe].to_dict()))
    assert told["schedule"]["kind"] in ("Constant", "Stairs", "Plateau", "Cosine")
    assert set(told) == set(vars(RECIPES[recipe]))


def test_resampling_draws_what_the_notebook_draws():
    from sklearn.utils import resample

    y = np.repeat([0, 1, 2, 3, 4], [30_000, 2_223, 5_788, 641, 6_431])
    lines = Rebalance("resample", 20_000).lines(y)
    assert np.bincount(y[lines]).tolist() == [20_000] * 5
    assert len(np.unique(lines[:20_000])) == 20_000
    for label in range(1, 5):
        theirs = resample(
            np.flatnonzero(y == label), replace=True, n_samples=20_000, random_state=SEEDS[label]
        )
        np.testing.assert_array_equal(lines[20_000 * label :][:20_000], theirs)


def test_weights_make_every_class_count_the_same():
    y = np.repeat([0, 1, 2, 3, 4], [800, 20, 100, 10, 70])
    weights = Rebalance("weights").class_weights(y)
    np.testing.assert_allclose(weights * np.bincount(y), 200)
    assert (Rebalance("weights").lines(y) == np.arange(1000)).all()


def test_the_stairs_and_the_cosine_have_their_shape():
    assert [Stairs(10_000, 0.75).factor(s, 0, ()) for s in (0, 9_999, 10_000, 25_000)] == [
        1, 1, 0.75, 0.5625,
    ]  # fmt: skip
    cosine = [Cosine(0.1).factor(step, 1000, ()) for step in range(1000)]
    assert 0 < cosine[0] < 0.02
    assert max(cosine) == pytest.approx(cosine[99], abs=0.01)
    assert np.all(np.diff(cosine[100:]) < 0)
    assert cosine[-1] < 1e-5


@given(st.lists(st.floats(0, 1), max_size=40), st.integers(1, 5))
@settings(max_examples=50, deadline=None)
def test_the_plateau_falls_when_keras_s_does(scores, after):
    """Keras's own rule, as it is written there, beside ours."""
    rate, best, wait = 1.0, -np.inf, 0
    for score in scores:
        if np.greater(score, best + 1e-4):
            best, wait = score, 0
        else:
            wait += 1
            if wait >= after:
                rate, wait = rate * 0.1, 0
    assert Plateau(after, 0.1).factor(0, 0, scores) == pytest.approx(rate)


def rows_with_padding(n=50, seed=0):
    random = np.random.default_rng(seed)
    rows = torch.from_numpy(0.05 + 0.95 * random.random((n, 1, 187), np.float32))
    rows[: n // 2, :, 120:] = 0
    return rows


def test_a_warped_row_still_is_a_row():
    torch.manual_seed(0)
    rows = rows_with_padding()
    warped = Warp(stretch=0.05, shift=1.5, bend=0.2, noise=0.01)(rows)
    assert warped.shape == rows.shape
    assert warped.min() >= 0
    assert not torch.equal(warped, rows)
    assert (warped[:25, :, 130:] == 0).all(), "padding stays padding"
    assert (warped[25:, :, -1] > 0).all(), "a row that was cut short stays full"
    torch.testing.assert_close(Warp()(rows), rows, atol=1e-6, rtol=0)


def test_what_stands_beside_a_row_is_jittered_or_lost_not_warped():
    torch.manual_seed(0)
    rows, beside = torch.rand(500, 1, 187), torch.full((500, 1, 187), 2.0)
    warped = Warp(stretch=0.05, beside=0.02, lost=0.2)(torch.cat([rows, beside], dim=1))
    assert warped.shape == (500, 2, 187)
    assert (warped[:, 1].amax(dim=1) == warped[:, 1].amin(dim=1)).all()
    lost = warped[:, 1, 0] == 0
    assert 0.12 < lost.float().mean() < 0.28
    assert warped[:, 1, 0][~lost].std() == pytest.approx(0.02, rel=0.2)
    assert Warp(stretch=0.05)(rows).shape == rows.shape


def test_a_stretch_moves_the_next_beat_by_its_share():
    torch.manual_seed(1)
    at = torch.arange(187.0)
    rows = (0.1 + torch.exp(-(((at - 100) / 3) ** 2))).repeat(400, 1)[:, None]
    rows[:, :, 140:] = 0
    peaks = Warp(stretch=0.1)(rows)[:, 0].argmax(dim=1).float()
    assert 89 <= peaks.min() < 94
    assert 106 < peaks.max() <= 111


def test_mixing_keeps_shares():
    torch.manual_seed(0)
    rows, targets = rows_with_padding(), torch.eye(5).repeat(10, 1)
    mixed, shares = mix(rows, targets, 0.5)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(50))
    torch.testing.assert_close(mixed.mean(), rows.mean())


def tiny(recipe, **changed):
    """A recipe with one dense layer instead of its network."""

    def network():
        return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(187, 5))

    return replace(find_recipe(recipe), network=network, beside=None, bfloat16=False, **changed)


def rows_that_say_nothing(counts):
    """All alike, whatever their class."""
    y = np.repeat(np.arange(5), counts).astype(np.int8)
    return Rows(np.zeros((len(y), 187), np.float32), y)


@pytest.mark.parametrize(
    ("rebalance", "share_of_n", "expected"),
    [
        (Rebalance(), 1.0, 0.8),
        (Rebalance(), 0.2, 0.8),
        (Rebalance("weights"), 1.0, 0.2),
        (Rebalance("resample", 200), 1.0, 0.2),
    ],
)
def test_the_classes_weigh_what_the_recipe_says(rebalance, share_of_n, expected, tmp_path):
    """A network that can learn nothing but how frequent N is shows what it was told of that."""
    rows = rows_that_say_nothing([1600, 100, 100, 100, 100])
    recipe = tiny(
        "best", rebalance=rebalance, share_of_n=share_of_n, epochs=20, learning_rate=2e-2, batch=32,
        smoothing=0.0, watch="loss",
    )  # fmt: skip
    seen = rows_that_say_nothing([round(1000 * expected)] + [round(250 * (1 - expected))] * 4)
    network = fit(replace(recipe, schedule=Constant()), rows, seen, tmp_path)
    logits = torch.from_numpy(predict(network, rows.X[:, None]))
    assert torch.softmax(logits, 1)[:, 0].mean() == pytest.approx(expected, abs=0.03)


def test_an_epoch_with_a_share_of_n_is_mixed_throughout():
    torch.manual_seed(0)
    y = torch.arange(5).repeat_interleave(torch.tensor([8000, 200, 400, 100, 300]))
    first, second = _order(y, 0.25), _order(y, 0.25)
    assert len(first) == len(set(first.tolist())) == 3000
    assert torch.bincount(y[first]).tolist() == [2000, 200, 400, 100, 300]
    for part in first.split(1000):
        assert (y[part] == 0).float().mean() == pytest.approx(2 / 3, abs=0.05)
    assert set(first.tolist()) != set(second.tolist()), "other N rows in every epoch"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (Options(epochs=0), "epochs must be 1 or more, not 0"),
        (Options(batch=-4), "batch must be 1 or more, not -4"),
        (Options(noise=-0.1), "noise must be 0 or a positive number"),
        (Options(noise=float("nan")), "noise must be 0 or a positive number"),
        (Options(rebalance="smote"), "known: none, resample, weights"),
        (Options(rebalance="resample", per_class=0), "rows per class must be 1 or more"),
        (Options(per_class=500), "add --rebalance resample or leave --per-class away"),
    ],
)
def test_bad_options_say_what_is_allowed(options, says):
    with pytest.raises(TrainingError, match=says):
        options.applied(find_recipe("cvxtz"))


def test_options_replace_only_what_they_name():
    notebook = find_recipe("notebook")
    assert Options().applied(notebook) == notebook
    assert Options(per_class=500).applied(notebook).rebalance == Rebalance("resample", 500)
    assert Options(rebalance="none").applied(notebook).rebalance == Rebalance()
    assert Options(noise=0.5).applied(notebook) == replace(notebook, noise=0.5)
    assert Options(bfloat16=True).applied(notebook) == replace(notebook, bfloat16=True)
    words = Options(batch=256, bfloat16=False, validate_on_test=True).words()
    assert words == ["--batch 256", "--float32", "--validate-on-test"]


def test_an_absent_device_is_named_with_those_there_are():
    with pytest.raises(TrainingError, match="no device 'tpu' on this machine; there is cpu"):
        find_device("tpu")
