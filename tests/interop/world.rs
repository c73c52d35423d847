//! A project whose layer is published to one place by several tools.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{Ended, Sandbox, control, folder, layership, run, write};
use crate::python::{self, Python, script};

/// The bucket of every project.
pub const BUCKET: &str = "acme-artifacts";
/// `s3dir_lambda` within the bucket.
pub const PREFIX: &str = "teams/data/web";
/// Where the library has the packages, relative to the project.
pub const FOLDER: &str = "build/lambda/layer/artifacts";
/// Where the library has the zip, relative to the project.
pub const ZIP: &str = "build/lambda/layer/layer.zip";

/// What locks the dependencies.
#[derive(Clone, Copy, Debug)]
pub enum Tool {
    Pip,
    Uv,
    Poetry,
}

impl Tool {
    /// The library's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pip => "pip",
            Self::Uv => "uv",
            Self::Poetry => "poetry",
        }
    }

    /// File name of its lock file.
    pub fn manifest(self) -> &'static str {
        match self {
            Self::Pip => "requirements.txt",
            Self::Uv => "uv.lock",
            Self::Poetry => "poetry.lock",
        }
    }
}

/// A project, the endpoint it publishes to, and the tools that do it.
pub struct World {
    pub folder: TempDir,
    pub python: Python,
    pub tool: Tool,
    variables: Vec<(String, String)>,
    // It stops with the world.
    sandbox: Option<Sandbox>,
}

impl World {
    /// A project with requests and urllib3 that publishes to a sandbox of its own. `None`: the test is skipped.
    pub fn open(tool: Tool) -> Option<Self> {
        let python = Python::find()?;
        let folder = folder();
        let sandbox = Sandbox::start(&folder.path().join("sandbox"), &[]);
        let variables = sandbox.variables.clone();
        let world = Self { folder, python, tool, variables, sandbox: Some(sandbox) };
        world.locked("web");
        world.layers_file(FOLDER, "");
        Some(world)
    }

    /// The same at another endpoint, in a bucket that is there already.
    pub fn at(python: Python, endpoint: &str) -> Self {
        let variables = [
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let world = Self { folder: folder(), python, tool: Tool::Pip, variables, sandbox: None };
        world.locked("web");
        world.layers_file(FOLDER, "");
        world
    }

    pub fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// The bytes of the manifest.
    pub fn manifest(&self) -> Vec<u8> {
        fs::read(self.project().join(self.tool.manifest())).expect("a manifest")
    }

    /// The owner locks the dependencies anew, as in `tests/interop/projects/{state}`, and installs them.
    pub fn locked(&self, state: &str) {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/projects").join(state);
        for file in ["pyproject.toml", self.tool.manifest()] {
            write(self.project(), file, fs::read(from.join(file)).expect("a locked project"));
        }
        let artifacts = self.project().join(FOLDER);
        let _ = fs::remove_dir_all(&artifacts);
        copy(&self.python.install(&from.join("requirements.txt")), &artifacts);
    }

    /// Writes the layers file: one layer `web`, made of this archive, with further keys.
    pub fn layers_file(&self, archive: &str, keys: &str) {
        let manifest = self.tool.manifest();
        let text = format!(
            "[defaults]\nbucket = \"{BUCKET}\"\nprefix = \"teams/data/{{layer}}\"\n\n\
             [layers.web]\nmanifest = \"{manifest}\"\narchive = \"{archive}\"\n{keys}\n"
        );
        write(self.project(), "layers.toml", text);
    }

    /// What goes wrong from now on; see the documentation of the sandbox's faults.
    pub fn inject(&self, rules: &str) {
        control(self.sandbox.as_ref().expect("an endpoint of our own"), "POST", "/_sandbox/faults", rules);
    }

    /// Runs our command.
    pub fn layership(&self, args: &[&str]) -> Ended {
        let mut command = layership(self.project());
        command.envs(self.variables.iter().cloned());
        run(command, args.iter().chain(&["--format", "json"]))
    }

    /// Runs our command, which is to end well, and returns what the report says of the only job.
    #[track_caller]
    pub fn job(&self, args: &[&str]) -> Value {
        only_job(&self.layership(args).expect(0))
    }

    /// Runs our command, which is to fail, and returns the code of the only job's error.
    #[track_caller]
    pub fn refusal(&self, args: &[&str]) -> Value {
        let job = only_job(&self.layership(args).expect(1));
        assert_eq!(job["outcome"], "failed", "{job:#}");
        job["error"]["code"].clone()
    }

    /// A step of the library: `stage` (its steps 2 and 3) or `publish` (its step 4).
    pub fn library(&self, step: &str) -> Value {
        self.library_with(step, &json!({}))
    }

    /// The same with further arguments of PublishLayerVersion.
    pub fn library_with(&self, step: &str, settings: &Value) -> Value {
        let mut command = self.script("library.py");
        command.arg(step).arg("--project").arg(self.project());
        command.args(["--tool", self.tool.name(), "--s3dir", &format!("s3://{BUCKET}/{PREFIX}/"), "--layer", "web"]);
        command.arg("--settings").arg(settings.to_string());
        python::json(command)
    }

    /// Everything in the bucket and in Lambda, as boto3 sees it.
    pub fn observed(&self) -> Value {
        let mut command = self.script("observe.py");
        command.args([BUCKET, "web"]);
        python::json(command)
    }

    /// Asserts that nothing is below the bucket but the staged archive, these backups, each with its exact bytes, and a
    /// free lock where layership published; and that there is one layer version for each backup.
    #[track_caller]
    pub fn assert_versions(&self, manifests: &[&[u8]]) {
        let observed = self.observed();
        let mut expected = vec![format!("{PREFIX}/layer/layer.zip")];
        for (number, manifest) in (1..).zip(manifests) {
            let key = format!("{PREFIX}/layer/{number:06}/{}", self.tool.manifest());
            let backup = &observed["objects"][&key];
            assert_eq!(backup["content_type"], "text/plain", "{key}: {backup:#}");
            assert_eq!(backup["body"], latin1(manifest), "{key}");
            assert_eq!(observed["versions"][number - 1]["arn"], arn(number));
            expected.push(key);
        }
        assert_eq!(observed["versions"].as_array().map(Vec::len), Some(manifests.len()), "{observed:#}");
        expected.sort();
        assert_eq!(keys(&observed), expected);
    }

    /// The AWS CLI.
    pub fn aws(&self, args: &[&str]) -> Ended {
        let mut command = self.python.command(self.folder.path());
        command.envs(self.variables.iter().cloned());
        // Of several AWS CLIs on a machine, ours.
        command.args(["-m", "awscli"]);
        run(command, args)
    }

    fn script(&self, name: &str) -> Command {
        let mut command = self.python.command(self.folder.path());
        command.envs(self.variables.iter().cloned()).arg(script(name));
        command
    }
}

/// ARN of a version of layer `web`.
pub fn arn(version: usize) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:layer:web:{version}")
}

/// The keys of all objects but the locks, sorted. A lock stays, and is free.
pub fn keys(observed: &Value) -> Vec<String> {
    let objects = observed["objects"].as_object().expect("objects");
    let (locks, others): (Vec<_>, Vec<_>) = objects.iter().partition(|(key, _)| key.ends_with("/publish.lock"));
    for (key, lock) in locks {
        let body: Value = serde_json::from_str(lock["body"].as_str().expect("a body")).expect("JSON");
        assert_eq!(body["phase"], "free", "{key}: {body:#}");
    }
    let mut keys: Vec<_> = others.into_iter().map(|(key, _)| key.clone()).collect();
    keys.sort();
    keys
}

/// Bytes as `observe.py` shows them.
pub fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[track_caller]
fn only_job(ended: &Ended) -> Value {
    let report = ended.report();
    assert_eq!(report["jobs"].as_array().map(Vec::len), Some(1), "{report:#}");
    report["jobs"][0].clone()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
