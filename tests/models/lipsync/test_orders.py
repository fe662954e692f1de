"""What may have been said for a label."""

import pytest

pytest.importorskip("pocketsphinx", reason="pocketsphinx is a build-time dependency: pip install 'visaged[build]'")

from models.lipsync.orders import grammar


def test_what_comes_before_and_after_the_drink_may_come_in_any_order() -> None:
    slots = {"coffeeDrink": "mocha", "size": "Small", "roast": "dark roast", "milkAmount": " soy milk"}
    said = grammar(slots)
    assert "( small dark roast | dark roast small ) mocha with ( soy milk )" in said
    both = grammar({"coffeeDrink": "latte", "milkAmount": "cream", "sugarAmount": "sugar"})
    assert "latte with ( cream and sugar | sugar and cream )" in both


def test_a_drink_alone_is_a_sentence() -> None:
    assert grammar({"coffeeDrink": "latte"}).rstrip().endswith("[ a ]  latte;")
