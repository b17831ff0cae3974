"""Subtitles as paragraphs under headings of the time."""

import pytest


def _srt(*cues: tuple[str, str, str]) -> str:
    return "\n\n".join(
        f"{number}\n{start} --> {end}\n{text}" for number, (start, end, text) in enumerate(cues, 1)
    )


def test_numbers_and_times_are_gone_and_headings_tell_the_time(read):
    content = _srt(
        ("00:00:01,000", "00:00:02,000", "<i>The kiln</i>"),
        ("00:00:02,500", "00:00:04,000", "is {\\an8}hot."),
        ("00:01:30,000", "00:01:31,000", "Still."),
        ("01:02:03,000", "01:02:05,000", "Cold."),
    )
    [record] = read("a.srt", content)
    assert record.text == ("## 00:00:00\n\nThe kiln\nis hot.\n\nStill.\n\n## 01:02:00\n\nCold.")
    assert (record.title, record.is_title_shown_only) == ("a", True)


def test_line_that_rolls_on_stands_once(read):
    content = _srt(
        ("00:00:01,000", "00:00:02,000", "the kiln"),
        ("00:00:02,000", "00:00:03,000", "the kiln\nis hot"),
        ("00:00:03,000", "00:00:04,000", "is hot\ntoday"),
        ("00:00:04,000", "00:00:05,000", "today and tomorrow"),
    )
    assert read("a.srt", content)[0].text.split("\n")[2:] == [
        "the kiln",
        "is hot",
        "today",
        "and tomorrow",
    ]


def test_what_is_said_twice_with_a_pause_stands_twice(read):
    content = _srt(("00:00:01,000", "00:00:02,000", "No."), ("00:00:03,000", "00:00:04,000", "No."))
    assert read("a.srt", content)[0].text.endswith("No.\nNo.")


def test_webvtt_notes_and_styles_are_left_out_and_speakers_kept(read):
    content = (
        "WEBVTT - some title\n\nNOTE\nnot said\n\nSTYLE\n::cue { color: red }\n\nintro\n"
        "00:01.000 --> 00:02.000 align:start\n<v Ada>Hot &amp; dry.</v>\n\n"
        "00:02.500 --> 00:03.000\nso <00:02.700><c.red>hot</c>\n"
    )
    assert read("a.vtt", content)[0].text == "## 00:00:00\n\nAda: Hot & dry.\nso hot"


def test_subviewer_and_substation_are_read(read):
    assert read("a.sbv", "0:00:01.000,0:00:02.000\nHot.\n\n0:00:02.500,0:00:03.000\nDry.\n")[
        0
    ].text.endswith("Hot.\nDry.")
    content = (
        "[Events]\nFormat: Layer, Start, End, Style, Text\n"
        "Dialogue: 0,0:00:03.00,0:00:04.00,Main,so\\Ndry, too\n"
        "Dialogue: 0,0:00:01.00,0:00:02.00,Main,{\\b1}Hot\n"
        "Comment: 0,0:00:01.00,0:00:02.00,Main,no\n"
    )
    assert read("a.ass", content)[0].text == "## 00:00:00\n\nHot\nso dry, too"


def test_cues_without_blank_lines_between_them_are_told_apart(read):
    content = "1\n00:00:01,000 --> 00:00:02,000\nHot.\n2\n00:00:02,500 --> 00:00:03,000\nDry."
    assert read("a.srt", content)[0].text.endswith("Hot.\nDry.")


@pytest.mark.parametrize("content", ["just words\n\nand more", "WEBVTT\n"])
def test_file_without_cues_says_so(read, content):
    [record] = read("a.vtt", content)
    assert record.parse_status == "failed"
    assert "no cues" in record.parse_error


def test_marks_at_the_start_and_windows_line_ends_are_read(read):
    content = "\ufeff" + _srt(("00:00:01,000", "00:00:02,000", "# Hot.")).replace("\n", "\r\n")
    assert read("a.srt", content)[0].text == "## 00:00:00\n\n\\# Hot."
