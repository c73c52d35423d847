"""Prints, as JSON, every script of a workflow as its runner runs it: the job, the step's id, the script, its environment.

    workflow_scripts.py WORKFLOW [ACTION]

`ACTION` is the action.yml of this repository: where a workflow uses it, the scripts are those of the action, with the inputs
put in. Of a file of GitLab, the scripts of its jobs, line by line in one shell.
"""

import json
import re
import sys
from pathlib import Path

from ruamel.yaml import YAML

HOME = "layership/layership@"


def load(path):
    # Not the safe loader: GitLab has tags of its own, which it refuses.
    return YAML(typ="rt").load(Path(path).read_text(encoding="utf-8"))


def with_inputs(text, inputs):
    return re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda found: inputs[found[1]], str(text))


def of_action(action, job, step):
    """The steps of the action, with the inputs of this use of it."""
    given = step.get("with", {})
    inputs = {name: str(given.get(name, declared.get("default", ""))) for name, declared in action["inputs"].items()}
    unknown = set(given) - set(inputs)
    if unknown:
        sys.exit(f"the action has no input {unknown}")
    for own in action["runs"]["steps"]:
        wanted = {"inputs.args != ''": inputs["args"], "inputs.comment != ''": inputs["comment"]}
        if all(value for condition, value in wanted.items() if condition in str(own.get("if", ""))):
            env = {name: with_inputs(value, inputs) for name, value in own.get("env", {}).items()}
            yield {"job": job, "name": own["name"], "script": own["run"], "env": env}


def of_github(workflow, action):
    for job, content in workflow["jobs"].items():
        for step in content["steps"]:
            if step.get("uses", "").startswith(HOME):
                yield from of_action(action, job, step)
            elif "run" in step:
                env = {name: str(value) for name, value in step.get("env", {}).items()}
                yield {"job": job, "name": step.get("name", ""), "script": step["run"], "env": env}


def of_gitlab(workflow):
    for job, content in workflow.items():
        for kind in ("script", "after_script"):
            if not job.startswith(".") and isinstance(content, dict) and kind in content:
                yield {"job": job, "name": kind, "script": "\n".join(content[kind]), "env": {}}


def main():
    workflow = load(sys.argv[1])
    scripts = of_github(workflow, load(sys.argv[2])) if len(sys.argv) > 2 else of_gitlab(workflow)
    json.dump(list(scripts), sys.stdout)


main()
