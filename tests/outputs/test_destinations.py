from __future__ import annotations

from fractions import Fraction

from visaged.config import IFacialMocapSettings, LiveLinkSettings, VmcSettings
from visaged.config.identity import livelink_device_id
from visaged.outputs.destinations import Outputs, destinations
from visaged.outputs.form import MAX_BYTES, Form


def test_targets_of_each_protocol_with_their_forms() -> None:
    outputs = Outputs(
        LiveLinkSettings(targets=["pc:11111", "[::1]:2?subject=two&fps=30"], subject="one"),
        VmcSettings(targets=["pc:39539"], names="vrm1", rate=30, bones=False),
        IFacialMocapSettings(targets=["pc:49983"], version=2),
    )
    found = destinations(outputs, "box")
    assert [(one.number, one.host, one.port, one.code) for one in found] == [
        (0, "pc", 11111, "livelink_target_0"),
        (1, "::1", 2, "livelink_target_1"),
        (16, "pc", 39539, "vmc_target_0"),
        (24, "pc", 49983, "ifacialmocap_target_0"),
    ]
    assert [one.form for one in found] == [
        Form("livelink", Fraction(60), "one", livelink_device_id("box", "one")),
        # Two faces of one box need two ids (outputs/livelink/packet.py).
        Form("livelink", Fraction(30), "two", livelink_device_id("box", "two")),
        Form("vmc", Fraction(30), "vrm1", ""),
        Form("ifacialmocap", Fraction(60), "2", ""),
    ]
    assert [one.address for one in found] == ["pc:11111", "[::1]:2", "pc:39539", "pc:49983"]


def test_forms_travel_as_texts_that_fit() -> None:
    longest = LiveLinkSettings(targets=[f"pc:1?subject={'~' * 64}"], fps="120000/1001")
    for form in (destinations(Outputs(longest), "b" * 64)[0].form, Form("vmc", Fraction(30), "pascal", "bones")):
        assert Form.from_text(form.to_text()) == form
        assert len(form.to_text().encode()) <= MAX_BYTES
