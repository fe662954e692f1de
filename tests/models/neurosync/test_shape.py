import pytest

from models.neurosync.shape import Shape, ShapeError, recognise

FULL = Shape()


def test_the_full_network_has_the_tensors_of_the_public_one() -> None:
    tensors = FULL.tensors()
    assert len(tensors) == 344
    assert sum(a * (b[0] if b else 1) for a, *b in tensors.values()) == 235_480_132
    assert tensors["decoder.transformer_decoder.7.multihead_attn.out_linear.weight"] == (1024, 1024)


@pytest.mark.parametrize("shape", [FULL, Shape(layers=4, heads=4), Shape(layers=4, heads=4, norm=False)])
def test_a_network_is_recognised_by_its_tensors(shape: Shape) -> None:
    assert recognise(shape.tensors()) == shape


def test_heads_are_asked_for_where_no_public_network_tells() -> None:
    tensors = Shape(layers=6, heads=8).tensors()
    with pytest.raises(ShapeError, match="--heads"):
        recognise(tensors)
    assert recognise(tensors, heads=8).heads == 8
    with pytest.raises(ShapeError, match="do not divide"):
        recognise(tensors, heads=7)


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({}, "not the tensors of a NeuroSync"),
        ({"conv.weight": (3, 3)}, "conv.weight"),
        (Shape(inputs=69, layers=4, heads=4).tensors(), "69 features"),
        ({"encoder.transformer_encoder.layers.0.self_attn.in_proj_weight": (3, 1)}, "of 2024"),
    ],
)
def test_other_models_are_told_apart(tensors: dict[str, tuple[int, ...]], said: str) -> None:
    with pytest.raises(ShapeError, match=said):
        recognise(tensors)
