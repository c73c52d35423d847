"""Holds JUnit reports against a schema: junit.py SCHEMA FILE... Prints a JSON list of what is wrong with each file."""

import json
import sys

from lxml import etree

schema = etree.XMLSchema(etree.parse(sys.argv[1]))
# Nothing outside the file is read for it.
parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)


def problems(path):
    schema.validate(etree.parse(path, parser))
    return [f"{error.line}: {error.message}" for error in schema.error_log]


print(json.dumps([problems(path) for path in sys.argv[2:]]))
