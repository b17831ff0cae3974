"""LaTeX as Markdown-like text."""

import pytest


def _read(read, body: str, preamble: str = ""):
    [record] = read(
        "a.tex",
        f"\\documentclass{{article}}\n{preamble}\n\\begin{{document}}\n{body}\n\\end{{document}}\n",
    )
    assert record.parse_status == "ok", record.parse_error
    return record


def _text(read, body: str) -> str:
    return _read(read, body).text


def test_preamble_and_what_follows_the_document_are_left_out(read):
    [record] = read(
        "a.tex",
        "\\usepackage{x}\n\\title{On \\emph{Kilns}\\thanks{All}}\n\\begin{document}\nHot.\n\\end{document}\nno",
    )
    assert (record.text, record.title, record.is_title_shown_only) == ("Hot.", "On Kilns", False)


def test_part_of_a_document_is_read_whole(read):
    [record] = read("a.tex", "\\chapter{Kilns}\nHot.")
    assert (record.text, record.title) == ("# Kilns\n\nHot.", "Kilns")


def test_umlauts_of_german_are_letters_and_quotation_marks_elsewhere_stay(read):
    german = _read(read, 'Gr"o"se der "Ofen', "\\usepackage[ngerman]{babel}")
    assert german.text == "Größe der Öfen"
    assert _text(read, 'the "old" way') == 'the "old" way'


def test_sections_are_headings(read):
    body = (
        "\\section{One \\label{a}}\nx\n\\subsection*{Two\n lines}\ny\n\\subsubsection[s]{Three}\nz"
    )
    assert _text(read, body) == "## One\n\nx\n\n### Two lines\n\ny\n\n#### Three\n\nz"


def test_comment_is_left_out_and_a_percent_sign_stays(read):
    assert _text(read, "100\\% hot % not said\nmore\n% nor this\nend") == "100% hot more\nend"


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("\\textbf{bold \\emph{both}} {\\it old}", "bold both old"),
        ("as in \\cite{knuth,lamport}", "as in [knuth, lamport]"),
        ("see Figure~\\ref{fig:a}", "see Figure [fig:a]"),
        ("hot\\footnote{Very \\textbf{hot}.} kiln", "hot (Very hot.) kiln"),
        (
            "caf\\'e na\\\"{\\i}ve \\v{c}aj \\c{c}a Stra\\ss e \\O re",
            "café naïve čaj ça Straße Øre",
        ),
        ("``quoted'' -- and---so", "“quoted” – and—so"),
        ("\\href{http://x.org}{site} \\url{http://y.org}", "site http://y.org"),
        ("a \\verb|b_c| d", "a `b_c` d"),
        ("5\\,kg \\& \\#1 \\$2 \\_x \\{y\\}", "5 kg & #1 $2 _x {y}"),
        ("one\\\\[2pt]two", "one\ntwo"),
        ("$E = mc^2$ and \\(a_b\\)", "$E = mc^2$ and $a_b$"),
        ("costs \\$5 and $x$", "costs $5 and $x$"),
        ("\\LaTeX{} is \\LaTeX\\ too", "LaTeX is LaTeX too"),
        ("\\textcolor{red}{hot} \\vspace{1cm}x", "hot x"),
    ],
)
def test_marks_within_a_line(read, marked, plain):
    assert _text(read, marked) == plain


def test_mathematics_stays_tex(read):
    body = "a\n\\begin{align*}\nx &= y \\\\\nz\n\\end{align*}\n\\[ x^2 \\]\n$$ y $$\nb"
    assert _text(read, body) == (
        "a\n\n$$\n\\begin{align}\nx &= y \\\\\nz\n\\end{align}\n$$\n\n$$\nx^2\n$$\n\n$$\ny\n$$\n\nb"
    )


@pytest.mark.parametrize("name", ["verbatim", "lstlisting", "minted"])
def test_code_is_fenced(read, name):
    argument, language = ("{python}", "python") if name == "minted" else ("", "")
    body = f"a\n\\begin{{{name}}}{argument}\n# no heading\n  x % y\n\\end{{{name}}}\nb"
    assert _text(read, body) == f"a\n\n```{language}\n# no heading\n  x % y\n```\n\nb"


def test_lists(read):
    body = "\\begin{itemize}\n\\item one\n\\item[two] three\n\\end{itemize}\nend"
    assert _text(read, body) == "- one\n\n- two: three\n\nend"


def test_table_is_a_table_and_an_empty_cell_keeps_its_place(read):
    body = (
        "\\begin{table}\\caption{Limits}\n\\begin{tabular}{|l|p{2cm}|r|}\\hline\nPart & At & Limit \\\\ \\hline\n"
        "Hose & & \\multicolumn{1}{c}{\\textbf{3}} \\\\\n\\end{tabular}\\end{table}"
    )
    assert (
        _text(read, body) == "Limits\n\n| Part | At | Limit |\n| --- | --- | --- |\n| Hose |  | 3 |"
    )


def test_theorems_and_the_abstract_keep_their_names(read):
    assert _text(
        read, "\\begin{abstract}We fire.\\end{abstract}\n\\begin{lemma}It is hot.\\end{lemma}"
    ) == ("**Abstract.** We fire.\n\n**Lemma.** It is hot.")


def test_pictures_and_settings_are_left_out(read):
    body = "\\begin{figure}[ht]\\includegraphics[width=3cm]{a.png}\\caption{A kiln}\\end{figure}\\pagestyle{empty}x"
    assert _text(read, body) == "A kiln\n\nx"


def test_included_files_are_said(read):
    record = _read(read, "x\n\\input{part}\n\\include{more}")
    assert "(part, more)" in record.parse_error


@pytest.mark.parametrize(
    "body", ["a } b", "{ a b", "\\end{x} a b", "\\begin{itemize} a b", "a $ b"]
)
def test_what_is_never_opened_or_closed_costs_no_text(read, body):
    assert {"a", "b"} <= set(_text(read, body).split())
