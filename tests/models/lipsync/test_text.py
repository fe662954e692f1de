"""Texts are the same for the same seed, and rich in lips."""

from models.lipsync import text, voices


def test_a_seed_fixes_the_text_and_another_changes_it() -> None:
    assert text.english(20, 3) == text.english(20, 3)
    assert text.english(20, 3) != text.english(20, 4)
    assert text.other("pl", 9, 1) == text.other("pl", 9, 1)


def test_every_language_can_be_written() -> None:
    assert len(text.LANGUAGES) >= 12
    assert all(line.strip() for language in text.LANGUAGES for line in text.other(language, 10, 2))


def test_english_is_rich_in_lip_letters() -> None:
    letters = "".join(text.english(200, 1)).lower()
    assert sum(letters.count(c) for c in "pbm") / sum(c.isalpha() for c in letters) > 0.07


def test_reserved_voices_and_held_out_languages_are_not_trained_on() -> None:
    trained = [v for v in voices.ALL if v.role == voices.TRAIN]
    assert not any("slt" in v.name or "ked" in v.name or "kdlpc" in v.name for v in voices.ALL)
    assert not any(v.language in text.HELD_OUT_LANGUAGES for v in trained)
    assert {v.language for v in voices.ALL if v.role == voices.VALIDATE} >= set(text.HELD_OUT_LANGUAGES)
    assert len({v.key for v in voices.ALL}) == len(voices.ALL)
