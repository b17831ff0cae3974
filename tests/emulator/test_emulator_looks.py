"""What pictures, sounds and films show."""

from io import BytesIO
from random import Random

import pytest
from PIL import Image

from semantic_assets.emulator.media.media import look_at
from tests.emulator import drawn


def _article(words):
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WebP", "GIF"])
@pytest.mark.parametrize("shape", drawn.SHAPES)
def test_drawn_pictures_are_told_apart(form, shape):
    for number, color in enumerate(drawn.COLOURS):
        background = drawn.COLOURS[number - 5]
        image = drawn.encoded(drawn.picture(color, shape, background), form)
        figure = f"{color} {shape}" if shape == "stripes" else _article(f"{color} {shape}")
        look = look_at(image, f"image/{form.lower()}")
        assert (
            look.sentences[0] == f"The picture shows {figure} on {_article(background)} background."
        )
        assert look.sentences[-1] == "It is 64 pixels wide and 64 high."
        assert (look.modality, look.tokens) == ("IMAGE", 258)


@pytest.mark.parametrize(
    ("mode", "color", "sentence"),
    [
        ("RGBA", (0, 0, 0, 0), "The picture shows nothing but white."),
        ("L", 128, "The picture shows nothing but grey."),
        ("1", 0, "The picture shows nothing but black."),
        ("P", 0, "The picture shows nothing but black."),
    ],
)
def test_pictures_of_any_mode_and_size_are_read(mode, color, sentence):
    out = BytesIO()
    Image.new(mode, (1, 3000), color).save(out, "PNG")
    look = look_at(out.getvalue(), "image/png")
    assert (look.sentences[0], look.sentences[2]) == (
        sentence,
        "It is 1 pixels wide and 3000 high.",
    )


def test_tones_are_heard_second_by_second():
    look = look_at(drawn.wav([220, 0, 1000, 3000]), "audio/wav")
    assert look.sentences == (
        "The recording lasts 4 seconds.",
        "At 00:00 a low tone of 220 hertz is heard.",
        "At 00:01 there is silence.",
        "At 00:02 a middle tone of 1000 hertz is heard.",
        "At 00:03 a high tone of 3000 hertz is heard.",
    )
    assert (look.modality, look.tokens) == ("AUDIO", 128)


def test_no_more_than_a_minute_is_told():
    look = look_at(drawn.wav([300] * 61), "audio/wav")
    assert (len(look.sentences), look.tokens) == (61, 61 * 32)


def test_films_are_seen_second_by_second():
    film = drawn.avi([("red", "circle", "white"), ("blue", "square", "black")])
    look = look_at(film, "video/x-msvideo")
    assert look.sentences == (
        "The video lasts 2 seconds.",
        "At 00:00 the picture shows a red circle on a white background.",
        "At 00:01 the picture shows a blue square on a black background.",
    )
    assert (look.modality, look.tokens) == ("VIDEO", 590)


@pytest.mark.parametrize(
    ("data", "mime_type", "modality"),
    [
        (b"x" * 501, "video/mp4", "VIDEO"),
        (b"x" * 501, "audio/mpeg", "AUDIO"),
        (b"%PDF-1.7" + b"x" * 493, "application/pdf", "DOCUMENT"),
        (drawn.wav([220])[:30].ljust(501), "audio/wav", "AUDIO"),
        (drawn.avi([("red", "circle", "white")])[:120].ljust(501), "video/avi", "VIDEO"),
    ],
)
def test_of_other_files_type_and_size_are_told(data, mime_type, modality):
    look = look_at(data, mime_type)
    assert look.sentences == (f"The file is of type {mime_type} and has 501 bytes.",)
    assert (look.modality, look.tokens) == (modality, 2)


@pytest.mark.parametrize(
    ("data", "mime_type"),
    [
        (drawn.wav([220]), "audio/wav"),
        (drawn.avi([("red", "circle", "white")]), "video/avi"),
        (drawn.png("red", "circle", "white"), "image/png"),
        (drawn.encoded(drawn.picture("red", "circle", "white"), "JPEG"), "image/jpeg"),
    ],
)
def test_damaged_files_are_looked_at_all_the_same(data, mime_type):
    draw = Random(mime_type)
    for _ in range(100):
        damaged = bytearray(data)
        for _ in range(draw.randrange(1, 9)):
            damaged[draw.randrange(8, min(len(data), 300))] = draw.randrange(256)
        look_at(bytes(damaged[: draw.randrange(20, len(data) + 1)]), mime_type)
