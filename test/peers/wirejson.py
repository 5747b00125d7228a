"""JSON, dates and ids as the mlcycle backend writes and reads them.

Writing follows the wire page 0.4: compact, raw UTF-8, few escapes, doubles with upper-case exponents.
Reading is strict RFC 8259 plus a list of what a good client would not have sent.
"""
import datetime
import json
import re
import time

NIL = "00000000-0000-0000-0000-000000000000"
TICKS = 10000000  # 100 ns ticks a second, the backend's own unit

_MUST_ESCAPE = re.compile('[\x00-\x1f"\\\\\x85\u2028\u2029]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SURROGATE = re.compile("[\ud800-\udfff]")
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,7})?(Z|[+-]\d\d:\d\d)?")
_LOOSE = re.compile(r"[{(]?([0-9a-fA-F]{8})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{12})[})]?")


class Raw(str):
    """A number kept as its text."""


class JsonError(Exception):
    """The text is not JSON."""


def quote(text):
    """One JSON string, escaped as the backend does."""
    if _MUST_ESCAPE.search(text):
        text = _MUST_ESCAPE.sub(lambda m: _SHORT.get(m.group(), "\\u%04x" % ord(m.group())), text)
    return '"' + text + '"'


def quote_all(text):
    """One JSON string with every UTF-16 unit as a \\u escape."""
    units = text.encode("utf-16-be", "surrogatepass")
    return '"' + "".join("\\u%02X%02x" % (units[i], units[i + 1]) for i in range(0, len(units), 2)) + '"'


def double(value):
    """A double as Newtonsoft on .NET Core 2 writes it."""
    if value != value:
        return '"NaN"'
    if value in (float("inf"), float("-inf")):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    sign, rest = ("-", repr(value)[1:]) if repr(value).startswith("-") else ("", repr(value))
    mantissa, _, exponent = rest.partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return sign + "0.0"
    point = int(exponent or 0) + len(whole) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0") or "0"
    precision = 15 if len(digits) <= 15 else 17
    if point > precision or point < -3:
        tail = "." + digits[1:] if len(digits) > 1 else ""
        power = point - 1
        return "%s%s%sE%s%02d" % (sign, digits[0], tail, "-" if power < 0 else "+", abs(power))
    if point <= 0:
        return sign + "0." + "0" * -point + digits
    if len(digits) <= point:
        return sign + digits + "0" * (point - len(digits)) + ".0"
    return sign + digits[:point] + "." + digits[point:]


def value(item, quoter=quote):
    """Any JSON value as text."""
    if item is None:
        return "null"
    if item is True or item is False:
        return "true" if item else "false"
    if isinstance(item, Raw):
        return str(item)
    if isinstance(item, str):
        return quoter(item)
    if isinstance(item, int):
        return str(item)
    if isinstance(item, float):
        return double(item)
    if isinstance(item, dict):
        return "{" + ",".join(quoter(k) + ":" + value(v, quoter) for k, v in item.items()) + "}"
    return "[" + ",".join(value(v, quoter) for v in item) + "]"


def utf8(text):
    """UTF-8; a lone surrogate becomes U+FFFD as in .NET."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text).encode("utf-8")


def now_ticks():
    return time.time_ns() // 100


def to_ms(ticks):
    """What the database keeps of a time."""
    return ticks // 10000 * 10000


def date(ticks, offset_min=None):
    """ISO 8601 with 0 to 7 fraction digits; offset_min None writes Z."""
    shifted = ticks + (offset_min or 0) * 60 * TICKS
    seconds, part = divmod(shifted, TICKS)
    days, second = divmod(seconds, 86400)
    year, month, day = _civil(days)
    text = "%04d-%02d-%02dT%02d:%02d:%02d" % (year, month, day, second // 3600, second // 60 % 60, second % 60)
    if part:
        text += "." + ("%07d" % part).rstrip("0")
    if offset_min is None:
        return text + "Z"
    return text + "%s%02d:%02d" % ("-" if offset_min < 0 else "+", abs(offset_min) // 60, abs(offset_min) % 60)


def _civil(days):
    era, doe = divmod(days + 719468, 146097)
    yoe = (doe - doe // 1460 + doe // 36524 - doe // 146096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    month = mp + 3 if mp < 10 else mp - 9
    return yoe + era * 400 + (month <= 2), month, doy - (153 * mp + 2) // 5 + 1


def parse_date(text):
    """Ticks of an ISO 8601 date and time (no zone: UTC), or None."""
    m = _ISO.fullmatch(text)
    if not m:
        return None
    try:
        when = datetime.datetime.strptime(m.group(1), "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return None
    seconds = (when - datetime.datetime(1970, 1, 1)) // datetime.timedelta(seconds=1)
    zone = m.group(3) or "Z"
    if zone != "Z":
        seconds -= (-1 if zone[0] == "-" else 1) * (int(zone[1:3]) * 3600 + int(zone[4:]) * 60)
    return seconds * TICKS + int(((m.group(2) or ".")[1:] + "0000000")[:7])


def guid(text):
    """(canonical lower-case id or None, was it already canonical)."""
    if _GUID.fullmatch(text):
        return text, True
    found = _LOOSE.fullmatch(text)
    return ("-".join(found.groups()).lower() if found else None), False


def load(data, complain):
    """Strict JSON from bytes. complain(detail) is called for what is legal JSON but a client's defect.

    Numbers stay what they are: int, or Raw text for the rest. Raises JsonError with the reason.
    """
    def pairs(items):
        members = dict(items)
        if len(members) != len(items):
            complain("duplicate member in %s" % [k for k, _ in items][:20])
        return members

    def constant(name):
        complain("bare %s is not JSON" % name)
        return float(name.replace("Infinity", "inf"))

    if data.startswith(b"\xef\xbb\xbf"):
        raise JsonError("byte order mark")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as e:
        raise JsonError("not UTF-8: %s" % e)
    if _depth(text) > 32:
        raise JsonError("nested deeper than 32")
    try:
        item = json.loads(text, object_pairs_hook=pairs, parse_float=Raw, parse_constant=constant)
    except (ValueError, RecursionError) as e:
        raise JsonError(str(e))
    if re.search(r"\\u[dD][89abAB]", text) and _SURROGATE.search(json.dumps(item, ensure_ascii=False)):
        complain("lone surrogate in a string")
    return item


def _depth(text):
    depth = most = 0
    for mark in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text):
        if mark.group() in "[{":
            depth += 1
            most = max(most, depth)
        elif mark.group() in "]}":
            depth -= 1
    return most
