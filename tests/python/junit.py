"""Holds JUnit reports against a schema, and their suites against what build servers add up: junit.py SCHEMA FILE...

Prints a JSON list of what is wrong with each file.
"""

import json
import sys

from lxml import etree

schema = etree.XMLSchema(etree.parse(sys.argv[1]))
# Nothing outside the file is read for it.
parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)


def sums(document):
    """GitLab adds up the times of cases whatever their suite says; Jenkins does it for a suite that says nothing."""
    for suite in document.iter("testsuite"):
        told, added = float(suite.get("time")), sum(float(case.get("time")) for case in suite.iter("testcase"))
        if abs(told - added) > 0.001 * (len(suite) + 1):
            yield f"{suite.sourceline}: the suite took {told} s, and its cases {added} s"


def problems(path):
    document = etree.parse(path, parser)
    if not schema.validate(document):
        return [f"{error.line}: {error.message}" for error in schema.error_log]
    return list(sums(document))


print(json.dumps([problems(path) for path in sys.argv[2:]]))
