from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visaged.curves import COUNT, INDEX
from visaged.outputs.ifacialmocap.frame import NAMES, IFacialMocapError, decode, encode

# The example that the vendor gives (ifacialmocap.com/for-developer), shortened, and keys that the app also sends.
VENDORS = (
    b"trackingStatus-1|mouthSmile_R-0|eyeLookOut_L-0|mouthUpperUp_L-11|hapihapi-0|"
    b"=head#-21.488958,-6.038993,-6.6019735,-0.030653415,-0.10287084,-0.6584072|"
    b"rightEye#6.0297494,2.4403017,0.25649446|leftEye#6.034903,-1.6660284,-1.7520553E-05|"
)


def test_the_vendors_example_is_read() -> None:
    frame = decode(VENDORS)
    assert frame.version == 1
    assert frame.shapes["mouthUpperUp_L"] == pytest.approx(0.11)
    assert frame.head[:3] == pytest.approx((-21.488958, -6.038993, -6.6019735))
    assert frame.left_eye[2] == pytest.approx(-1.7520553e-05)


def test_names_are_the_apps() -> None:
    assert len(set(NAMES)) == 52
    assert {"eyeBlink_L", "mouthSmile_R", "browInnerUp", "jawOpen", "tongueOut", "browDown_L"} <= set(NAMES)
    # Directions are no sides.
    assert {"jawLeft", "jawRight", "mouthLeft", "mouthRight"} <= set(NAMES)


@pytest.mark.parametrize("version", [1, 2])
def test_a_frame_comes_out_as_it_went_in(version: int) -> None:
    pose = [index / 100 for index in range(COUNT)]
    pose[INDEX["HeadYaw"] :] = [0.1, -0.2, 0.05, 0.1, 0.2, 0.0, -0.1, 0.2, 0.0]
    datagram = encode(pose, version)
    assert len(datagram) < 1400
    frame = decode(datagram)
    assert frame.version == version
    assert [frame.shapes[name] for name in NAMES] == pytest.approx(pose[:52])
    # Degrees: down, to the subject's right, roll.
    assert frame.head == pytest.approx((-11.459, 5.730, -2.865, 0, 0, 0), abs=1e-3)
    assert frame.left_eye == pytest.approx((11.459, 5.730, 0), abs=1e-3)
    assert frame.right_eye == pytest.approx((11.459, -5.730, 0), abs=1e-3)


REST = "|=head#0,0,0,0,0,0|rightEye#0,0,0|leftEye#0,0,0|"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "0 bytes"),
        ("x" * 9000, "9000 bytes"),
        ("hello", "fields"),
        ("jawOpen-" + REST, "expected a name, - and a number"),
        ("jawOpen-nan" + REST, "expected a name"),
        ("jawOpen-" + "9" * 400 + REST, "expected a name"),
        ("jaw Open-1" + REST, "expected a name"),
        ("n" * 65 + "-1" + REST, "expected a name"),
        ("jawOpen&1|jawLeft-1" + REST, "expected a name, & and a number"),
        ("jawOpen-1|=head#1,2,3|rightEye#0,0,0|leftEye#0,0,0|", "=head: '1,2,3', expected 6"),
        ("jawOpen-1|=head#0,0,0,0,0,0,0|rightEye#0,0,0|leftEye#0,0,0|", "=head"),
        ("jawOpen-1|=head#0,0,0,0,0,inf|rightEye#0,0,0|leftEye#0,0,0|", "=head"),
        ("jawOpen-1|=head#0,0,0,0,0,0|", "without leftEye, rightEye"),
        ("jawOpen-1|tail#0,0,0|", "before #"),
        ("a-1|" * 300, "fields"),
        ("jawOpen-1é" + REST, "ASCII"),
    ],
)
def test_what_is_no_frame_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(IFacialMocapError, match=words):
        decode(text.encode())


@given(st.binary(max_size=200) | st.text("jawOpen-&|=head#,.0123456789_LR", max_size=200).map(str.encode))
def test_nothing_else_is_raised(datagram: bytes) -> None:
    try:
        decode(datagram)
    except IFacialMocapError as error:
        assert str(error).isprintable()
