"""``wakeful.frozen.dataclass`` makes what the standard library's makes."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, astuple, field, fields, is_dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from wakeful.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Login:
    """A name and what is kept with it."""

    KINDS: ClassVar = ("user", "service")

    name: str
    password: str = field(default="", repr=False)
    seen: list[int] = field(default_factory=list, compare=False)

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a login needs a name")


@dataclass(frozen=True, slots=True)
class Empty:
    """Says by its class alone what it means."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One value, whose comparison is not a truth."""

    pixels: Any


@dataclass(frozen=True, slots=True)
class Key:
    """An own idea of what is equal."""

    word: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.word.lower() == other.word.lower()

    def __repr__(self) -> str:
        return f"<{self.word}>"


def twin(kind: type) -> Any:
    """The same class, made by the standard library."""
    body = {name: value for name, value in vars(kind).items() if name in ("__annotations__", "__post_init__")}
    for one in fields(kind):
        if one.default is not dataclasses.MISSING or one.default_factory is not dataclasses.MISSING:
            given: dict[str, Any] = {"default": one.default, "default_factory": one.default_factory}
            given = {name: value for name, value in given.items() if value is not dataclasses.MISSING}
            body[one.name] = field(**given, repr=one.repr, compare=one.compare)
    bare = type(kind.__name__, (), {**body, "__module__": __name__, "__qualname__": kind.__qualname__})
    return dataclasses.dataclass(frozen=True, slots=True)(bare)


CALLS: list[Callable[[Any], object]] = [
    lambda kind: repr(kind("anna", "secret", [1])),
    lambda kind: repr(kind(name="anna")),
    lambda kind: kind("anna", "secret") == kind("anna", "secret", [2]),
    lambda kind: kind("anna") == kind("bert"),
    lambda kind: kind("anna") == "anna",
    lambda kind: len({kind("anna"), kind("anna", seen=[3]), kind("bert")}),
    lambda kind: asdict(replace(kind("anna", seen=[1]), password="other")),
    lambda kind: astuple(kind("anna")),
    lambda kind: kind("anna").seen is kind("anna").seen,
    lambda kind: kind(""),
    lambda kind: kind(),
    lambda kind: kind("anna", age=3),
    lambda kind: setattr(kind("anna"), "name", "bert"),
    lambda kind: delattr(kind("anna"), "name"),
    lambda kind: kind.__match_args__,
    lambda kind: list(inspect.signature(kind).parameters),
    lambda kind: kind.__init__.__annotations__,
    lambda kind: kind.__slots__,
    lambda kind: kind.__dataclass_params__.frozen,
]


def result(call: Callable[[Any], object], kind: Any) -> object:
    """What a call gives, or the error it ends with, in words."""
    try:
        return call(kind)
    except (TypeError, ValueError, AttributeError) as error:
        return type(error), str(error)


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_it_does_what_the_standard_one_does(number: int) -> None:
    assert result(CALLS[number], Login) == result(CALLS[number], twin(Login))


@pytest.mark.parametrize("value", [Login("anna", "secret", [1]), Empty(), Key("Word")])
def test_a_value_is_pickled_and_copied(value: object) -> None:
    assert pickle.loads(pickle.dumps(value)) == copy.copy(value) == copy.deepcopy(value) == value
    assert is_dataclass(value) and not hasattr(value, "__dict__")


def test_a_value_without_fields_and_one_that_is_an_array_are_compared() -> None:
    assert Empty() == Empty() and Empty().__eq__(Login("anna")) is NotImplemented and hash(Empty()) == hash(Empty())
    pixels = np.zeros(4)
    assert Picture(pixels) == Picture(pixels)
    with pytest.raises(ValueError, match="ambiguous"):
        assert Picture(pixels) == Picture(np.zeros(4))


def test_what_a_class_defines_itself_stays() -> None:
    assert Key("A") == Key("a") and repr(Key("A")) == "<A>"


def test_recursive_values_can_be_printed() -> None:
    value = Login("anna")
    value.seen.append(value)  # type: ignore[arg-type]
    assert repr(value) == "Login(name='anna', seen=[...])"


def test_a_class_on_top_of_another_and_one_with_other_options_are_the_standard_librarys() -> None:
    @dataclass(frozen=True, slots=True)
    class Service(Login):
        port: int = 1

    @dataclass(slots=True)
    class Open:
        port: int = 1

    assert Service("anna", port=3) == Service("anna", port=3) != Service("anna")
    with pytest.raises(FrozenInstanceError):
        Service("anna").port = 4  # type: ignore[misc]
    changed = Open()
    changed.port = 5
    assert changed == Open(5)


def test_pydantic_fills_and_checks_it() -> None:
    adapter: TypeAdapter[Login] = TypeAdapter(Login)
    assert adapter.validate_python({"name": "anna", "seen": [1]}) == Login("anna", "", [1])
    with pytest.raises(ValidationError, match="a login needs a name"):
        adapter.validate_python({"name": ""})
    with pytest.raises(ValidationError, match="seen"):
        adapter.validate_python({"name": "anna", "seen": "much"})


def test_help_names_the_fields() -> None:
    assert str(inspect.signature(Login)) == str(inspect.signature(twin(Login)))
    assert str(inspect.signature(Login)).endswith("seen: 'list[int]' = <factory>) -> None")


def test_no_attribute_can_be_added() -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(Login("anna"), "other", 1)  # noqa: B010
