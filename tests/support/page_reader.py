"""Reading a page as a browser would: its tags, which must nest, its texts and its tables."""

from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "img", "input", "link", "col", "wbr"}


class Page(HTMLParser):
    """Reads a page: its tags, which must nest, its texts and its tables."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.texts = [], [], [], []
        self.tables, self._cell = [], None
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append((dict(attrs), []))
        elif tag == "tr":
            self.tables[-1][1].append([])
        elif tag in ("td", "th") and self.tables:
            self.tables[-1][1][-1].append((dict(attrs).get("class") or "", ""))
            self._cell = self.tables[-1][1][-1]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag in ("td", "th"):
            self._cell = None

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.texts.append(data)
        if self._cell is not None and "small" not in self.open:
            classes, text = self._cell[-1]
            self._cell[-1] = (classes, text + data)

    @property
    def text(self):
        return " ".join("".join(self.texts).split())
