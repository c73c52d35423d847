"""Stands for the packages that an installer puts here."""


def shout(text: str) -> str:
    return text.upper()
