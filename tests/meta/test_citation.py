"""CITATION.cff: the fields that CFF 1.2.0 requires, this version, and the paper."""

import yaml

import stsm_ref
from tests import ROOT

CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_the_required_fields_are_there() -> None:
    """Version of the format, message, title, authors; each reference has authors, title and
    type.
    """
    assert CITATION["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(CITATION)
    assert all(
        {"authors", "title", "type"} <= set(reference) for reference in CITATION["references"]
    )


def test_it_cites_this_version_and_licence() -> None:
    """The version of the package, and the licence of its LICENSE file."""
    assert CITATION["version"] == stsm_ref.__version__
    assert CITATION["license"] == "MIT"


def test_it_cites_the_paper() -> None:
    """Title, authors, volume, number and DOI as printed on the paper."""
    (paper,) = CITATION["references"]
    assert paper["title"] == "STSM: Spatio-Temporal Shift Module for Efficient Action Recognition"
    assert [author["family-names"] for author in paper["authors"]] == ["Yang", "An", "Zhang"]
    assert (paper["year"], paper["volume"], paper["number"]) == (2022, 10, "3290")
    assert paper["doi"] == "10.3390/math10183290"
