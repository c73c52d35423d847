#!/usr/bin/env python3
"""Keeps one comment of a pull request (GitHub) or merge request (GitLab) up to date.

    comment.py --key plan report.md

The comment of this key is written anew where it is there already, so that a request with many pushes has one comment and
not twenty. It must be one of the token's own user: what somebody else wrote is left alone, whatever stands in it. Where the environment names no request, nothing is done. Needs nothing but Python 3.8.

GitHub: GITHUB_TOKEN with `pull-requests: write`. With a token of a GitHub App of your own, `--author` says as whom it writes,
such as `layers[bot]`: such a token may not ask. GitLab: GITLAB_TOKEN, a project access token with the scope `api` and the
role Reporter, as CI_JOB_TOKEN may not write comments.
"""

import argparse
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

# What both accept: GitHub takes 65,536 characters.
LONGEST = 65_000
PAGES = 50


# As whom the token of a workflow writes. No person can have this name.
WORKFLOW = "github-actions[bot]"


class Failed(Exception):
    """Why the comment could not be kept."""

    def __init__(self, message: str, status=None) -> None:
        super().__init__(message)
        self.status = status


class GitHub:
    """Comments of a pull request, which to GitHub is an issue."""

    method = "PATCH"
    author = "user"
    name = "login"

    def __init__(self) -> None:
        event = json.loads(Path(variable("GITHUB_EVENT_PATH")).read_text(encoding="utf-8"))
        self.number = (event.get("pull_request") or {}).get("number")
        api, repository = variable("GITHUB_API_URL"), variable("GITHUB_REPOSITORY")
        self.comments = f"{api}/repos/{repository}/issues/{self.number}/comments"
        self.edited = f"{api}/repos/{repository}/issues/comments"
        self.user = f"{api}/user"
        self.headers = {"Accept": "application/vnd.github+json"}

    def authorized(self) -> dict:
        return {**self.headers, "Authorization": f"Bearer {variable('GITHUB_TOKEN')}"}


class GitLab:
    """Notes of a merge request."""

    method = "PUT"
    author = "author"
    name = "username"

    def __init__(self) -> None:
        self.number = os.environ.get("CI_MERGE_REQUEST_IID")
        api, project = variable("CI_API_V4_URL"), urllib.parse.quote(variable("CI_PROJECT_ID"), safe="")
        self.comments = f"{api}/projects/{project}/merge_requests/{self.number}/notes"
        self.edited = self.comments
        self.user = f"{api}/user"

    def authorized(self) -> dict:
        return {"PRIVATE-TOKEN": variable("GITLAB_TOKEN")}


def variable(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise Failed(f"the variable `{name}` is not set")
    return value


def ask(server, method: str, url: str, body=None):
    """One request; the answer as JSON."""
    headers = {**server.authorized(), "Content-Type": "application/json", "User-Agent": "layership"}
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        hint = "; may this token write comments?" if error.code in (401, 403, 404) else ""
        raise Failed(f"{method} {url}: HTTP {error.code}{hint}", error.code) from None
    except (OSError, ValueError) as error:
        raise Failed(f"{method} {url}: {error}") from None


def own_name(server) -> str:
    """As whom the token writes."""
    try:
        return ask(server, "GET", server.user)[server.name]
    except Failed as failed:
        # A token of a workflow is no user's: it may write comments, and not ask who it is.
        if isinstance(server, GitHub) and failed.status == 403:
            return WORKFLOW
        raise


def existing(server, mark: str, author: str):
    """The id of the comment of this key that the author wrote."""
    for page in range(1, PAGES + 1):
        comments = ask(server, "GET", f"{server.comments}?per_page=100&page={page}")
        for comment in comments:
            is_own = (comment.get(server.author) or {}).get(server.name) == author
            if is_own and (comment.get("body") or "").startswith(mark):
                return comment["id"]
        if len(comments) < 100:
            break
    return None


def keep(server, key: str, author, text: str) -> str:
    """Writes the comment; says what was done."""
    mark = f"<!-- layership: {key} -->"
    body = {"body": f"{mark}\n{text[:LONGEST]}"}
    known = existing(server, mark, author or own_name(server))
    if known is None:
        ask(server, "POST", server.comments, body)
        return "written"
    ask(server, server.method, f"{server.edited}/{known}", body)
    return "updated"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--key", default="layership", help="which comment: one for each kind of report")
    parser.add_argument("--author", help="as whom the token writes, where it may not ask: a GitHub App of your own")
    parser.add_argument("file", type=Path)
    args = parser.parse_args()
    try:
        server = GitLab() if os.environ.get("GITLAB_CI") == "true" else GitHub()
        if server.number is None:
            print("no pull request: no comment")
            return
        print(f"comment {keep(server, args.key, args.author, args.file.read_text(encoding='utf-8'))}")
    except (Failed, OSError) as error:
        sys.exit(f"error: cannot keep the comment: {error}")


if __name__ == "__main__":
    main()
