r"""The paper's words for a terminal and a page: its LaTeX as plain letters. The data keep the
LaTeX.
"""

import re

SIGNS = {
    r"\times": "×",
    r"\alpha": "α",
    r"\in": "∈",
    r"\diamond": "◇",
    r"\quad": " ",
    "$": "",
    r"\mathbb": "",
    r"\mathbf": "",
}


def plain(text: str) -> str:
    r"""Write LaTeX as it is read.

    >>> plain(r"$X_W \in \mathbb{R}^{T \times \frac{4}{3} C \times H \times W}$, $\alpha = 1/4$, \hat{\mathbf{X}}_T^f")
    'X_W ∈ R^{T × 4/3 C × H × W}, α = 1/4, X̂_T^f'
    >>> plain(r"$$\begin{bmatrix} 0 \\ 1 \end{bmatrix} \quad \text{and} \quad \begin{bmatrix} 1 \\ 0 \end{bmatrix} \tag{2}$$")
    '[0; 1] and [1; 0] (2)'
    """
    text = re.sub(r"\\frac\{(\\?\w+)\}\{(\w+)\}", r"\1/\2", text)
    text = re.sub(r"\\begin\{bmatrix\}(.*?)\\end\{bmatrix\}", lambda found: _matrix(found[1]), text)
    text = re.sub(
        r"\\text\{(.*?)\}|\\tag\{(.*?)\}", lambda found: found[1] or f"({found[2]})", text
    )
    for sign, letter in SIGNS.items():
        text = re.sub(re.escape(sign) + (r"\b" if sign[-1].isalpha() else ""), letter, text)
    text = re.sub(r"\\hat\{\{?X\}?\}", "X\N{COMBINING CIRCUMFLEX ACCENT}", text)
    return re.sub(r"\s+", " ", re.sub(r"\{([A-Z])\}", r"\1", text)).strip()


def _matrix(rows: str) -> str:
    return (
        "["
        + "; ".join(" ".join(row.split("&")).strip() for row in rows.split(r"\\")).replace(
            "  ", " "
        )
        + "]"
    )
