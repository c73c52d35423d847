"""Reads statements of provenance as in-toto's own bindings do; prints one JSON object, by path.

What the protocol buffers of in-toto and SLSA do not have is an error, and so is what their validation does not accept.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import in_toto_attestation.predicates.provenance.v1.provenance_pb2 as slsa
import in_toto_attestation.v1.statement_pb2 as in_toto
from google.protobuf.json_format import MessageToDict, ParseDict
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement


def read(text: str) -> dict[str, Any]:
    parsed = ParseDict(json.loads(text), in_toto.Statement())
    Statement.copy_from_pb(parsed).validate()
    assert parsed.predicate_type == "https://slsa.dev/provenance/v1", parsed.predicate_type
    provenance = ParseDict(MessageToDict(parsed.predicate), slsa.Provenance())
    definition = provenance.build_definition
    # What SLSA's specification requires of every provenance.
    assert definition.build_type and definition.HasField("external_parameters"), definition
    assert provenance.run_details.builder.id, provenance.run_details
    for dependency in definition.resolved_dependencies:
        ResourceDescriptor.copy_from_pb(dependency).validate()
    return {
        "subject": {subject.name: dict(subject.digest) for subject in parsed.subject},
        "parameters": MessageToDict(definition.external_parameters),
        "dependencies": {one.name or one.uri: dict(one.digest) for one in definition.resolved_dependencies},
    }


json.dump({path: read(Path(path).read_text(encoding="utf-8")) for path in sys.argv[1:]}, sys.stdout)
