"""Form values and notes. Fields are drawn nowhere: their values are in the form alone."""

_BOX = "/Rect [100 600 300 620]"


def _form(fields: int) -> str:
    numbers = " ".join(f"{4 + number} 0 R" for number in range(fields))
    return f"/AcroForm << /Fields [{numbers}] >>"


def _with_form(drawn, lines, *fields: str, text: str = "Order of spare parts"):
    numbers = " ".join(f"{4 + number} 0 R" for number in range(len(fields)))
    others = tuple(f"<< /Subtype /Widget {_BOX} {field} >>" for field in fields)
    return drawn(
        lines(text) if text else "0 0 m 9 9 l S",
        catalog=_form(len(fields)),
        others=others,
        page=f"/Annots [{numbers}]",
    )


def test_a_written_value_stands_behind_the_name_people_see(drawn, lines):
    document = _with_form(drawn, lines, "/FT /Tx /T (f1) /TU (Name of the pump:) /V (Mistral 40)")
    assert document.text == "Order of spare parts\nName of the pump: Mistral 40"
    assert document.remark is None


def test_a_field_without_such_a_name_has_its_own_unless_a_program_made_it(drawn, lines):
    document = _with_form(
        drawn,
        lines,
        "/FT /Tx /T (deliveryAddress) /V (Kiel)",
        "/FT /Tx /T (Text12) /V (Monday)",
        "/FT /Tx /T (empty) /V ()",
    )
    assert document.text.split("\n")[1:] == ["delivery Address: Kiel", "Monday"]


def test_checked_boxes_are_named_and_others_are_not(drawn, lines):
    document = _with_form(
        drawn,
        lines,
        "/FT /Btn /T (Express) /V /Yes /AS /Yes /AP << /N << /Yes null /Off null >> >>",
        "/FT /Btn /T (Insured) /V /Off /AS /Off /AP << /N << /Yes null /Off null >> >>",
    )
    assert document.text.split("\n")[1:] == ["Express: Yes"]


def test_a_choice_is_what_people_read_and_not_its_code(drawn, lines):
    document = _with_form(
        drawn, lines, "/FT /Ch /Ff 131072 /T (Colour) /Opt [[(r) (dark red)] [(b) (blue)]] /V (r)"
    )
    assert document.text.endswith("\nColour: dark red")


def test_a_password_is_not_text(drawn, lines):
    document = _with_form(drawn, lines, "/FT /Tx /Ff 8192 /T (Secret) /V (hunter2)")
    assert document.text == "Order of spare parts"


def test_a_form_of_values_alone_is_no_scan(drawn, lines):
    document = _with_form(drawn, lines, "/FT /Tx /T (Town) /V (Bergen)", text="")
    assert document.text == "Town: Bergen"
    assert document.pages == (0,)


def _with_note(drawn, lines, note: str) -> str:
    return drawn(
        lines("The lid closes by itself."), others=(f"<< {note} {_BOX} >>",), page="/Annots [4 0 R]"
    ).text


def test_text_boxes_and_notes_are_text(drawn, lines):
    for kind in ("FreeText", "Text", "Highlight", "Stamp"):
        text = _with_note(drawn, lines, f"/Subtype /{kind} /Contents (Not below zero!)")
        assert text == "The lid closes by itself.\nNot below zero!"


def test_a_rich_note_is_read_without_its_markup(drawn, lines):
    text = _with_note(drawn, lines, "/Subtype /FreeText /RC (<body><p>Ask <b>Ada</b></p></body>)")
    assert text.endswith("\nAsk Ada")


def test_a_note_that_quotes_the_page_and_where_a_link_leads_are_no_text(drawn, lines):
    quote = _with_note(drawn, lines, "/Subtype /Highlight /Contents (closes by  itself)")
    link = _with_note(drawn, lines, "/Subtype /Link /Contents (go to page 7)")
    assert quote == link == "The lid closes by itself."
