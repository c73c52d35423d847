"""Stands for the packages that an installer puts here."""


def greet(name: str) -> str:
    return f"hello, {name}"
