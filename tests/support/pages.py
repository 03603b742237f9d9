"""Reading an HTML page as strictly as the standard library allows: every element closed, nothing active, all named."""

from html.parser import HTMLParser

VOID = frozenset({"meta", "br", "hr", "col", "link"})
KNOWN = frozenset(
    {
        *("html", "head", "meta", "title", "style", "body", "main", "section", "h1", "h2", "p", "ul", "li"),
        *("dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td", "span", "code", "time"),
    }
)
INSIDE = {"tr": ("thead", "tbody"), "th": ("tr",), "td": ("tr",), "li": ("ul",), "dt": ("dl",), "dd": ("dl",)}


class Page(HTMLParser):
    """The elements of a page with their attributes and text; ``AssertionError`` for what is no well-made page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.texts, self.declared = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == [], f"never closed: {self.open}"
        assert self.declared == ["DOCTYPE html"]

    def handle_decl(self, decl):
        self.declared.append(decl)

    def handle_starttag(self, tag, attrs):
        assert tag in KNOWN, f"unexpected element {tag}"
        assert tag not in INSIDE or self.open[-1] in INSIDE[tag], f"{tag} in {self.open[-1]}"
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names)
        assert not [name for name in names if name.startswith("on") or name in {"src", "href", "style", "srcdoc"}]
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        raise AssertionError(f"{tag} closed in itself: {attrs}")

    def handle_endtag(self, tag):
        assert self.open, f"{tag} was not open"
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.texts.append((self.open[-1] if self.open else None, data))

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    def handle_pi(self, data):
        raise AssertionError(f"an instruction: {data}")

    def text(self, *tags):
        """All text, or that which stands directly in one of these elements."""
        return [data for tag, data in self.texts if not tags or tag in tags]

    def all(self, tag):
        """The attributes of every element of this name."""
        return [attributes for name, attributes in self.elements if name == tag]
