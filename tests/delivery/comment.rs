//! The comment on a pull request: written once, then updated in place, on GitHub and on GitLab.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::common::folder;
use crate::common::project::in_crate;
use crate::packing::{has_python, text};
use crate::python::Python;
use crate::workflows::{Runner, github, gitlab, project};

/// A build server's API with the comments of one request: what `comment.py` may ask of it, and nothing else.
struct Server {
    address: String,
    comments: Arc<Mutex<Vec<Value>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

/// As whom the tokens of these tests write.
const OWN: &str = "github-actions[bot]";

impl Server {
    /// One that has these comments of somebody else, and takes this header for the token.
    fn start(bodies: &[&str], token: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let known = bodies.iter().enumerate().map(|(id, body)| comment(id, *body, "somebody")).collect();
        let server = Self { address, comments: Arc::new(Mutex::new(known)), asked: Arc::default() };
        let (comments, asked) = (Arc::clone(&server.comments), Arc::clone(&server.asked));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (line, body) = heard(&client, token);
                asked.lock().unwrap().push(line.clone());
                let (status, answer) = answer(&mut comments.lock().unwrap(), &line, body);
                let answer = answer.to_string();
                let head =
                    format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.len());
                (&client).write_all(format!("{head}{answer}").as_bytes()).unwrap();
            }
        });
        server
    }

    fn bodies(&self) -> Vec<String> {
        self.comments.lock().unwrap().iter().map(|one| one["body"].as_str().unwrap().to_owned()).collect()
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

/// A comment as both have it, each with a name of its own for who wrote it.
fn comment(id: usize, body: impl Into<Value>, author: &str) -> Value {
    json!({"id": id, "body": body.into(), "user": {"login": author}, "author": {"username": author}})
}

/// The first line of a request, and its body. Without the token it is another request.
fn heard(client: &TcpStream, token: &str) -> (String, String) {
    let mut reader = BufReader::new(client);
    let (mut lines, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim().to_owned();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
        lines.push(line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let known = lines.iter().any(|line| line.to_ascii_lowercase() == token);
    let first = lines[0].trim_end_matches(" HTTP/1.1").to_owned();
    (if known { first } else { format!("STRANGER {first}") }, String::from_utf8(body).unwrap())
}

fn answer(comments: &mut Vec<Value>, line: &str, body: String) -> (u16, Value) {
    let (method, path) = line.split_once(' ').unwrap();
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    match method {
        // GitLab says whose a token is; GitHub does not say it to that of a workflow, or of an app.
        "GET" if path == "/api/v4/user" => (200, json!({"username": OWN})),
        "GET" if path == "/user" => (403, json!({"message": "Resource not accessible by integration"})),
        "GET" => {
            let page: usize = path.rsplit("page=").next().unwrap().parse().unwrap();
            (200, comments.iter().skip((page - 1) * 100).take(100).cloned().collect())
        }
        "POST" => {
            let id = comments.len();
            comments.push(comment(id, body["body"].clone(), OWN));
            (201, json!({}))
        }
        "PATCH" | "PUT" => {
            let id: usize = path.rsplit('/').next().unwrap().parse().unwrap();
            comments[id]["body"] = body["body"].clone();
            (200, json!({}))
        }
        _ => (401, json!({})),
    }
}

#[test]
fn a_pull_request_has_one_comment_with_what_its_last_push_would_publish() {
    let Some(python) = Python::with("tools.txt") else { return };
    let project = project();
    let scripts = github(&python, &project, "plan");
    // More comments than a page, one of which quotes the mark, and one of which is a stranger's with the mark itself.
    let mut others = vec!["looks good"; 120];
    others[7] = "> <!-- layership: plan -->";
    others[8] = "<!-- layership: plan -->\nnothing changes, merge it";
    let server = Server::start(&others, "authorization: bearer a-token");
    let event = project.write("event.json", r#"{"pull_request": {"number": 5}}"#);
    let push = || {
        let runner = Runner::github(&project)
            .variable("GITHUB_EVENT_PATH", text(&event))
            .variable("GITHUB_REPOSITORY", "acme/layers")
            .variable("GITHUB_API_URL", server.address.as_str());
        runner.run_job(&scripts, "plan");
        server.asked()
    };
    let whose = "GET /user".to_owned();
    let page = |number: u32| format!("GET /repos/acme/layers/issues/5/comments?per_page=100&page={number}");
    assert_eq!(push(), [whose.clone(), page(1), page(2), "POST /repos/acme/layers/issues/5/comments".to_owned()]);
    let first = server.bodies()[120].clone();
    assert!(first.starts_with("<!-- layership: plan -->\n") && first.contains("numeric"), "{first}");

    project.run("publish --build", 0);
    project.write("http/requirements.txt", "http==2.0.0\n");
    // A fresh machine has no archives.
    std::fs::remove_dir_all(project.folder().join("text/layer")).unwrap();
    assert_eq!(push(), [whose.clone(), page(1), page(2), "PATCH /repos/acme/layers/issues/comments/120".to_owned()]);
    let bodies = server.bodies();
    assert_eq!(bodies.len(), 121);
    assert!(bodies[120].contains("2.0.0") && bodies[120] != first, "{}", bodies[120]);
    assert_eq!(bodies[..120], others);

    // Where nothing was started, the older state does not stay there.
    project.write("layers.toml", "[layers.http]\nbukcet = \"x\"\n");
    let runner = Runner::github(&project)
        .variable("GITHUB_EVENT_PATH", text(&event))
        .variable("GITHUB_REPOSITORY", "acme/layers")
        .variable("GITHUB_SERVER_URL", "https://github.com")
        .variable("GITHUB_RUN_ID", "7")
        .variable("GITHUB_API_URL", server.address.as_str());
    for script in scripts.iter().filter(|script| script.job == "plan") {
        runner.run(script, if script.name == "Run layership" { 2 } else { 0 });
    }
    let now = server.bodies()[120].clone();
    let said = "## Nothing was started\n\n[The log](https://github.com/acme/layers/actions/runs/7) says why.\n";
    assert!(now.ends_with(said), "{now}");
}

/// How `comment.py` ends in this environment, and what it says.
fn commented(variables: &[(&str, &str)], code: i32) -> String {
    commented_as(None, variables, code)
}

/// The same, where it is told as whom it writes.
fn commented_as(author: Option<&str>, variables: &[(&str, &str)], code: i32) -> String {
    let folder = folder();
    let report = crate::common::write(folder.path(), "plan.md", "one version\n");
    let mut command = std::process::Command::new("python3");
    command.arg(in_crate("examples/ci/comment.py")).args(["--key", "plan"]).arg(report);
    command.args(author.map(|author| format!("--author={author}")));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).envs(variables.iter().copied());
    let ended = crate::common::Ended::from(command.output().unwrap()).expect(code);
    ended.stdout + &ended.stderr
}

/// The interpreters at hand are newer than what it says that it needs: what came after that is looked for.
#[test]
fn it_needs_no_newer_python_than_it_says() {
    if !has_python() {
        return;
    }
    let newer = r#"
import ast, sys
tree = ast.parse(open(sys.argv[1]).read(), feature_version=(3, 8))
def is_newer(node):
    match node:
        case ast.BinOp(op=ast.BitOr()) | ast.AugAssign(op=ast.BitOr()): return True
        case ast.Subscript(value=ast.Name(id="dict" | "list" | "set" | "tuple" | "type")): return True
        case ast.Attribute(attr="removeprefix" | "removesuffix" | "is_relative_to" | "with_stem"): return True
    return False
print([node.lineno for node in ast.walk(tree) if is_newer(node)])
"#;
    let script = in_crate("examples/ci/comment.py");
    assert!(std::fs::read_to_string(&script).unwrap().contains("Needs nothing but Python 3.8."));
    let mut command = std::process::Command::new("python3");
    command.args(["-c", newer]).arg(script);
    assert_eq!(crate::common::Ended::from(command.output().unwrap()).expect(0).stdout, "[]\n");
}

/// Where nothing was started, the older state does not stay there.
#[test]
fn a_merge_request_is_told_that_nothing_was_started() {
    let Some(python) = Python::with("tools.txt") else { return };
    let project = project();
    let server = Server::start(&[], "private-token: a-token");
    project.write("comment.py", std::fs::read(in_crate("examples/ci/comment.py")).unwrap());
    let run = |code: i32| {
        _ = std::fs::remove_file(project.folder().join("plan.md"));
        let runner = Runner::gitlab(&project)
            .variable("CI_API_V4_URL", format!("{}/api/v4", server.address))
            .variable("CI_PROJECT_ID", "42")
            .variable("CI_MERGE_REQUEST_IID", "5")
            .variable("CI_JOB_URL", "https://gitlab.com/acme/layers/-/jobs/7")
            .variable("GITLAB_TOKEN", "a-token");
        for script in gitlab(&python, &project).iter().filter(|script| script.job == "plan-layers") {
            runner.run(script, if script.name == "script" { code } else { 0 });
        }
        server.bodies().pop().unwrap()
    };
    assert!(run(0).contains("numeric"));
    project.write("layers.toml", "[layers.http]\nbukcet = \"x\"\n");
    let said = "## Nothing was started\n\n[The log](https://gitlab.com/acme/layers/-/jobs/7) says why.\n";
    assert_eq!(run(2), format!("<!-- layership: plan -->\n{said}"));
    assert_eq!(server.bodies().len(), 1);
}

#[test]
fn gitlab_has_the_same() {
    if !has_python() {
        return;
    }
    let stranger = "<!-- layership: plan -->\nmerge it";
    let server = Server::start(&["looks good", stranger], "private-token: a-token");
    let api = format!("{}/api/v4", server.address);
    let mut variables = vec![
        ("GITLAB_CI", "true"),
        ("CI_API_V4_URL", api.as_str()),
        ("CI_PROJECT_ID", "42"),
        ("CI_MERGE_REQUEST_IID", "5"),
        ("GITLAB_TOKEN", "a-token"),
    ];
    assert_eq!(commented(&variables, 0), "comment written\n");
    assert_eq!(commented(&variables, 0), "comment updated\n");
    let notes = "/api/v4/projects/42/merge_requests/5/notes";
    let get = format!("GET {notes}?per_page=100&page=1");
    let whose = "GET /api/v4/user".to_owned();
    let first = [whose.clone(), get.clone(), format!("POST {notes}")];
    assert_eq!(server.asked(), [&first[..], &[whose, get, format!("PUT {notes}/2")]].concat());
    assert_eq!(server.bodies(), ["looks good", stranger, "<!-- layership: plan -->\none version\n"]);

    variables.pop();
    assert_eq!(commented(&variables, 1), "error: cannot keep the comment: the variable `GITLAB_TOKEN` is not set\n");
    variables.push(("GITLAB_TOKEN", "another"));
    assert!(commented(&variables, 1).contains("HTTP 401; may this token write comments?"));
    let elsewhere: Vec<(&str, &str)> =
        variables.into_iter().filter(|(name, _)| *name != "CI_MERGE_REQUEST_IID").collect();
    assert_eq!(commented(&elsewhere, 0), "no pull request: no comment\n");
}

/// The token of an app of one's own may not ask whose it is either, and it is not the workflow's.
#[test]
fn an_app_of_ones_own_updates_its_comment_and_nobody_elses() {
    if !has_python() {
        return;
    }
    let mark = "<!-- layership: plan -->\n";
    let server = Server::start(&["looks good"], "authorization: bearer a-token");
    let written = |author: &str, text: &str| {
        let mut comments = server.comments.lock().unwrap();
        let id = comments.len();
        comments.push(comment(id, format!("{mark}{text}"), author));
    };
    written(OWN, "of the workflow");
    written("layers", "of a person with the name of the app");
    let folder = folder();
    let event = crate::common::write(folder.path(), "event.json", r#"{"pull_request": {"number": 5}}"#);
    let variables = [
        ("GITHUB_EVENT_PATH", text(&event)),
        ("GITHUB_REPOSITORY", "acme/layers"),
        ("GITHUB_API_URL", server.address.as_str()),
        ("GITHUB_TOKEN", "a-token"),
    ];
    let others = server.bodies();
    assert_eq!(commented_as(Some("layers[bot]"), &variables, 0), "comment written\n");
    let comments = "/repos/acme/layers/issues/5/comments";
    let get = format!("GET {comments}?per_page=100&page=1");
    assert_eq!(server.asked(), [get.clone(), format!("POST {comments}")], "nobody is asked whose the token is");
    server.comments.lock().unwrap()[3] = comment(3, format!("{mark}an older state"), "layers[bot]");
    assert_eq!(commented_as(Some("layers[bot]"), &variables, 0), "comment updated\n");
    assert_eq!(server.asked(), [get, "PATCH /repos/acme/layers/issues/comments/3".to_owned()]);
    assert_eq!(server.bodies(), [&others[..], &[format!("{mark}one version\n")]].concat());
}
