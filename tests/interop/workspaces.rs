//! Layers built of one project of a workspace by npm, pnpm and Yarn: nothing in their lock files tells which one it is. What is right
//! passes, whatever changes for other projects, and what changed for this one is found.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::Ended;
use crate::common::project::in_crate;
use crate::javascript::{has_npm, installed};
use crate::layers::{Layer, copy};
use crate::locks::copied;
use crate::python::{fingerprint, once};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Builder {
    Npm,
    Pnpm,
    Yarn,
}

impl Builder {
    /// Its lock file, in `tests/node/workspace`.
    fn lock(self) -> (&'static str, &'static str) {
        match self {
            Self::Npm => ("npm", "package-lock.json"),
            Self::Pnpm => ("pnpm", "pnpm-lock.yaml"),
            Self::Yarn => ("yarn-4", "yarn.lock"),
        }
    }

    /// A folder with the `node_modules` that it makes for `@acme/a` of its lock file, once. Links to other projects are what they
    /// lead to.
    fn built(self) -> PathBuf {
        let (tools, (folder, file)) = (installed("locks"), self.lock());
        let workspace = in_crate("tests/node/workspace");
        let pinned = fs::read(workspace.join(folder).join(file)).expect("what is pinned");
        let version = tools.file_name().expect("a name").as_encoded_bytes();
        once(&format!("workspace-{folder}-{}", fingerprint(&[version, &pinned])), |made| {
            let project = made.join("project");
            copied(&workspace, &project);
            fs::write(project.join(file), &pinned).expect("a lock file");
            self.install(made, &tools.join("node_modules"));
            match self {
                Self::Pnpm => copy(&made.join("deployed/node_modules"), &made.join("layer/node_modules")),
                Self::Npm | Self::Yarn => copied(&project.join("node_modules"), &made.join("layer/node_modules")),
            }
        })
        .join("layer")
    }

    fn install(self, made: &Path, tools: &Path) {
        let (project, cache) = (made.join("project"), made.join("cache"));
        let mut node = Command::new(if self == Self::Npm { "npm" } else { "node" });
        // What they keep for the next time is kept out of the home of whoever runs this.
        node.envs(["XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"].map(|home| (home, made)));
        match self {
            Self::Npm => {
                // It does not know how the others name a project of the workspace.
                let asks = project.join("packages/a/package.json");
                let text = fs::read_to_string(&asks).expect("a project");
                fs::write(&asks, text.replace("workspace:*", "1.0.0")).expect("a project");
                node.args([
                    "ci",
                    "--workspace",
                    "packages/a",
                    "--omit=dev",
                    "--ignore-scripts",
                    "--no-audit",
                    "--no-fund",
                ]);
            }
            Self::Pnpm => {
                node.arg(tools.join("pnpm/bin/pnpm.cjs")).args(["--filter", "@acme/a", "deploy", "--legacy", "--prod"]);
                node.args(["--ignore-scripts", "--config.package-import-method=copy", "--store-dir"]).arg(cache);
                node.arg(made.join("deployed"));
            }
            Self::Yarn => {
                node.arg(tools.join("@yarnpkg/cli-dist/bin/yarn.js"));
                node.args(["workspaces", "focus", "@acme/a", "--production"]);
                node.envs([("YARN_NODE_LINKER", "node-modules"), ("YARN_ENABLE_TELEMETRY", "0")]);
                node.env("YARN_ENABLE_SCRIPTS", "false").env("YARN_GLOBAL_FOLDER", cache);
            }
        }
        Ended::from(node.current_dir(&project).output().expect("node starts")).expect(0);
    }
}

#[test]
fn a_layer_of_one_project_of_a_workspace_is_right_until_what_it_holds_changes() {
    if !has_npm() {
        return;
    }
    for builder in [Builder::Npm, Builder::Pnpm, Builder::Yarn] {
        let (folder, manifest) = builder.lock();
        let layer = Layer::node(&builder.built(), manifest, &format!("workspace/{folder}/{manifest}"));
        assert_eq!(layer.told("check --strict", 0), [""; 0], "{builder:?}");
        assert_eq!(layer.told_everywhere(), [""; 0], "{builder:?}");
        let path = format!("native/{manifest}");
        let lock = String::from_utf8(layer.project.read(&path)).unwrap();
        // Another version is an error of its own.
        layer.project.write(&path, lock.replace("3.0.1", "3.0.2"));
        let told = layer.told("check", 1);
        assert_eq!(told.len(), 1, "{builder:?}: {told:?}");
        assert!(told[0].ends_with("`is-odd` 3.0.1, pinned is 3.0.2"), "{builder:?}: {told:?}");
        layer.declare("x86_64", "allow = [\"archive-differs\"]");
        // What it holds itself, by another name, and of what it needs.
        for (from, to, name) in
            [("3.0.1", "3.0.2", "is-odd"), ("2.1.3", "2.1.4", "ms"), ("4.0.0", "4.0.1", "escape-string-regexp")]
        {
            layer.project.write(&path, lock.replace(from, to));
            let told = layer.told("publish --stage", 1);
            let said = format!("archive-stale it has the very content of version 1, but `{name}` changed");
            assert!(told.iter().any(|told| told.starts_with(&said)), "{builder:?}, {name}: {told:?}");
        }
        layer.declare("x86_64", "");
        layer.project.write(&path, lock.replace("4.3.4", "4.3.5"));
        let told = layer.told("publish --stage", 0);
        let said = "archive-stale it has the very content of version 1; only `debug` changed, and such a lock file does not tell whether it was to be built again for that";
        assert_eq!(told, [said], "{builder:?}");
    }
}
