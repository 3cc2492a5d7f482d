"""Names of a catalogue as people write them. The data has them in capitals, shortened to fit thirty letters."""

import re

_SPELLED = {
    "bg": "bags",
    "bkd": "baked",
    "bn": "beans",
    "brkfst": "breakfast",
    "btr": "butter",
    "ckys": "cookies",
    "cleang": "cleaning",
    "cndy": "candy",
    "conc": "concentrates",
    "crkr": "crackers",
    "crystl": "crystal",
    "disposible": "disposable",
    "dnr": "dinner",
    "drnk": "drinks",
    "drnks": "drinks",
    "drsng": "dressing",
    "dsh": "dishes",
    "fd": "food",
    "flvrd": "flavoured",
    "frzn": "frozen",
    "gm": "and general goods",
    "hbc": "health and beauty care",
    "jce": "juice",
    "memorablilia": "memorabilia",
    "mfg": "manufacturers'",
    "misc": "miscellaneous",
    "mixs": "mixes",
    "mx": "mixes",
    "mxs": "mixes",
    "pckgd": "packaged",
    "pk": "pack",
    "pkgd": "packaged",
    "pkld": "pickled",
    "pnt": "peanut",
    "prod": "produce",
    "pwdr": "powder",
    "refrgratd": "refrigerated",
    "sald": "salad",
    "sherbts": "sherbets",
    "snks": "snacks",
    "sndwch": "sandwich",
    "sply": "supplies",
    "sprd": "spreads",
    "suppplies": "supplies",
    "sweetners": "sweeteners",
    "tiss": "tissues",
    "trsh": "trash",
    "veg": "vegetable",
    "whlsm": "wholesome",
    "wtr": "water",
}
_HYPHENATED = ("by", "in", "j", "non")
"""First parts of words that keep their hyphen; any other sets off what follows, which is put in brackets."""


def readable(name: str) -> str:
    """A category or department as a sign over the shelf would say it, without commas, which separate names in forms.

    >>> readable("FRZN MEAT/MEAT DINNERS"), readable("MEAT-PCKGD"), readable("ICE CREAM/MILK/SHERBTS")
    ('Frozen meat and meat dinners', 'Meat (packaged)', 'Ice cream / milk / sherbets')
    """
    text = re.sub(r"[a-z]+", lambda word: _SPELLED.get(word[0], word[0]), name.lower().replace(".", ""))
    text = re.sub(rf"(?<!\w)({'|'.join(_HYPHENATED)})-", "\\1\0", text)
    text = re.sub(r"^([^(]*?)\s*[-:]\s*([^(]*)$", r"\1 (\2)", text).replace("\0", "-")
    parts = [" ".join(part.split()) for part in re.split(r"[/&]", text.replace("(", " ("))]
    listed = (" / " if len(parts) > 2 else " and ").join(parts)
    return listed[:1].upper() + listed[1:]


def without_rest(name: str) -> str:
    """A product's name without a bracket that was cut off in the middle.

    >>> without_rest("BUTTER SPRAY CRACKER (RITZ/CLU")
    'BUTTER SPRAY CRACKER'
    """
    return re.sub(r"\s*\([^)]*$", "", name)
