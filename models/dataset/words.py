"""What the columns, folders and arrays of data sets are called in the world, and what that makes of them."""

from __future__ import annotations

import re

SPLIT_WORDS = {
    "train": ("train", "training", "trainset", "traindata"),
    "valid": ("valid", "validation", "val", "dev", "publictest"),
    "test": ("test", "testing", "testset", "testdata", "eval", "privatetest"),
}
SPLITS = tuple(SPLIT_WORDS)
_SPLIT_OF = {word: split for split, words in SPLIT_WORDS.items() for word in words}

PIXELS = frozenset({"pixels", "pixel"})
# fmt: off
FILES = frozenset({
    "file", "filename", "filepath", "path", "image", "imagename", "imagepath", "imagefile", "imageid", "img",
    "imgname", "imgpath", "name", "picture", "frame",
})
SPLIT_COLUMNS = frozenset({"usage", "split", "set", "subset", "partition", "phase"})
PERSON_COLUMNS = frozenset({"person", "subject", "subjectid", "personid", "identity", "driver", "driverid", "actor"})
SOURCE_COLUMNS = frozenset({"source", "dataset", "database", "corpus", "origin", "camera", "site"})
LABEL_COLUMNS = (
    "label", "labels", "class", "classname", "classes", "category", "emotion", "expression", "state", "target",
    "condition", "open", "closed", "drowsy", "y",
)
"""The first that a table has is its most important one."""
PICTURE_ARRAYS = ("images", "faces", "pictures", "x", "data", "imgs", "patches")
NO_CLASS = frozenset({
    "images", "image", "img", "imgs", "data", "dataset", "pictures", "faces", "files", "jpg", "png", "frames",
    "all", "rgb", "grey", "gray",
})
# fmt: on
"""Folders that hold pictures without saying anything of them."""


def plain(name: str) -> str:
    """A name without case, spaces and signs."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def split_of(text: str) -> str:
    """``train``, ``valid`` or ``test``; "" for what is none of them."""
    return _SPLIT_OF.get(plain(text), "")


def split_or_text(text: str) -> str:
    """The split that a value of a split column means; a value of its own stays as it is."""
    return split_of(text) or text.strip()


def labels_of_path(name: str) -> tuple[str, str]:
    """Split and class that the folders above a file name say; "" where they say none. The innermost class counts."""
    split = label = ""
    for part in name.split("/")[:-1]:
        if found := split_of(part):
            split = found
        elif plain(part) not in NO_CLASS:
            label = part
    return split, label
