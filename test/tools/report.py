"""Tables in Markdown, and the parts of a page that a tool writes."""


def table(head, rows, text_columns):
    """A Markdown table with padded columns; all but the first TEXT_COLUMNS are figures, to the right."""
    widths = [max(len(str(r[i])) for r in [head] + rows) for i in range(len(head))]

    def line(cells):
        padded = [str(c).ljust(w) if i < text_columns else str(c).rjust(w) for i, (c, w) in enumerate(zip(cells, widths))]
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join("-" * (w + 2) if i < text_columns else "-" * (w + 1) + ":" for i, w in enumerate(widths)) + "|"
    return "\n".join([line(head), rule] + [line(r) for r in rows])


def marks(name):
    return "<!-- begin %s: written by `make %s UPDATE=1` -->" % (name, name), "<!-- end %s -->" % name


def part(path, name):
    """What stands between the marks of NAME, or None."""
    begin, end = marks(name)
    with open(path, encoding="utf-8") as f:
        text = f.read()
    if begin not in text or end not in text:
        return None
    return text.split(begin, 1)[1].split(end, 1)[0].strip()


def update(path, name, body):
    begin, end = marks(name)
    with open(path, encoding="utf-8") as f:
        text = f.read()
    if begin not in text or end not in text:
        raise SystemExit("%s: has no marks for %s: %s ... %s" % (path, name, begin, end))
    head, rest = text.split(begin, 1)
    with open(path, "w", encoding="utf-8") as f:
        f.write(head + begin + "\n\n" + body + "\n\n" + end + rest.split(end, 1)[1])
    print("%s: %s written" % (path, name))
