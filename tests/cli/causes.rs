//! Why many jobs failed: each cause once, what hits most first, on the screen, in Markdown and in annotations.

use std::fs::remove_dir_all;

use super::ci::Step;
use crate::common::project::Project;

/// Layers whose manifests changed after they were published, and which were not built again; of most the archive is gone.
fn not_built_again() -> Project {
    let names: Vec<String> = (0..20).map(|n| format!("l{n:02}")).collect();
    let project = Project::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let manifest = |n: usize, version: u8| format!("package-{n}=={version}\n");
    for (n, name) in names.iter().enumerate() {
        project.build(name, manifest(n, 1));
    }
    project.run("publish --stage", 0);
    for (n, name) in names.iter().enumerate() {
        let more = if n.is_multiple_of(2) { "" } else { "other==1\n" };
        project.write(&format!("{name}/requirements.txt"), manifest(n, 2) + more);
        if n >= 8 {
            remove_dir_all(project.folder().join(name).join("layer")).unwrap();
        }
    }
    project
}

#[test]
fn each_cause_is_told_once_wherever_it_is_told() {
    let project = not_built_again();
    let step = Step::new();
    let ended = step.run(&project, "plan --stage --format markdown", 1);
    let told: Vec<&str> =
        ended.stderr.lines().filter(|line| !line.starts_with("::") && !line.contains("Summary")).collect();
    insta::assert_snapshot!(told.join("\n").trim(), @r#"
    error: 12 layers at us-east-1: the archive `…/layer` does not exist
        l08
        l09
        l10
        l11
        l12
        l13
        l14
        l15
        l16
        … and 3 more

    hint: build it first, or correct `archive` of layer `…` in the layers file

    error: 8 layers at us-east-1: each of s3://artifacts/layers/l00/layer/layer.zip and 7 more: it has the very content of version 1, but `…` changed: it was not built again
        s3://artifacts/layers/l00/layer/layer.zip (`package-0`)
        s3://artifacts/layers/l01/layer/layer.zip (`other` and 1 more)
        s3://artifacts/layers/l02/layer/layer.zip (`package-2`)
        s3://artifacts/layers/l03/layer/layer.zip (`other` and 1 more)
        s3://artifacts/layers/l04/layer/layer.zip (`package-4`)
        s3://artifacts/layers/l05/layer/layer.zip (`other` and 1 more)
        s3://artifacts/layers/l06/layer/layer.zip (`package-6`)
        s3://artifacts/layers/l07/layer/layer.zip (`other` and 1 more)

    hint: build it again from the changed manifest, then stage it; where nothing in it had to change, `allow = ["archive-stale"]`
    "#);
    let failures = ended.stdout.split("### Failures\n").nth(1).unwrap().split("| Outcome").next().unwrap();
    insta::assert_snapshot!(failures.trim(), @r#"
    - `12 layers at us-east-1`: `the archive '…/layer' does not exist`
        - `l08`
        - `l09`
        - `l10`
        - `l11`
        - `l12`
        - `l13`
        - `l14`
        - `l15`
        - `l16`
        - `… and 3 more`
        - hint: `build it first, or correct 'archive' of layer '…' in the layers file`
    - `8 layers at us-east-1`: `each of s3://artifacts/layers/l00/layer/layer.zip and 7 more: it has the very content of version 1, but '…' changed: it was not built again`
        - `s3://artifacts/layers/l00/layer/layer.zip ('package-0')`
        - `s3://artifacts/layers/l01/layer/layer.zip ('other' and 1 more)`
        - `s3://artifacts/layers/l02/layer/layer.zip ('package-2')`
        - `s3://artifacts/layers/l03/layer/layer.zip ('other' and 1 more)`
        - `s3://artifacts/layers/l04/layer/layer.zip ('package-4')`
        - `s3://artifacts/layers/l05/layer/layer.zip ('other' and 1 more)`
        - `s3://artifacts/layers/l06/layer/layer.zip ('package-6')`
        - `s3://artifacts/layers/l07/layer/layer.zip ('other' and 1 more)`
        - hint: `build it again from the changed manifest, then stage it; where nothing in it had to change, 'allow = ["archive-stale"]'`
    "#);
    let annotations: Vec<&str> = ended.stderr.lines().filter(|line| line.starts_with("::error")).collect();
    insta::assert_snapshot!(annotations.join("\n"), @"
    ::error title=layership,file=layers.toml,line=29::12 layers at us-east-1: the archive `…/layer` does not exist: l08, l09, l10, l11, l12 and 7 more
    ::error title=layership,file=layers.toml,line=5::8 layers at us-east-1: each of s3://artifacts/layers/l00/layer/layer.zip and 7 more: it has the very content of version 1, but `…` changed: it was not built again: s3://artifacts/layers/l00/layer/layer.zip (`package-0`), s3://artifacts/layers/l01/layer/layer.zip (`other` and 1 more), s3://artifacts/layers/l02/layer/layer.zip (`package-2`), s3://artifacts/layers/l03/layer/layer.zip (`other` and 1 more), s3://artifacts/layers/l04/layer/layer.zip (`package-4`) and 3 more
    ");
}
