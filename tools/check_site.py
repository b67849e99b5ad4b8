"""Fail where a page of the built site would load something from the network, or has an image
without words.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path

SITE = Path(__file__).parents[1] / "docs" / "_build" / "html"
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}


class Page(HTMLParser):
    """Gathers what is wrong with one page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at what the browser would fetch without being asked."""
        given = dict(attrs)
        target = given.get(LOADS.get(tag, "")) or ""
        if target.startswith(("http:", "https:", "//")) and given.get("rel") not in {
            "canonical",
            "author",
        }:
            self.found.append(f"loads {target} from the network")
        words = given.get("alt") or ""
        if tag == "img" and (not words or words.endswith((".png", ".svg"))):
            self.found.append(f"has an image without words: {target}")


def problems(site: Path) -> list[str]:
    """Name each page with what is wrong with it."""
    found = []
    for path in sorted(site.rglob("*.html")):
        page = Page()
        page.feed(path.read_text())
        found += [f"{path.relative_to(site)} {problem}" for problem in page.found]
    return found


def main() -> int:
    """Print what is wrong; 1 if anything is, or if there is no site."""
    if not (SITE / "index.html").exists():
        print(f"{SITE} holds no site: make docs builds it")
        return 1
    wrong = problems(SITE)
    print("\n".join(wrong) or "the site needs no network, and its images have words")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
