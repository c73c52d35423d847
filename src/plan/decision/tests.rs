use super::*;

const OLD: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
const NEW: &str = "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=";

fn sha(text: &str) -> Option<Sha256> {
    Some(Sha256::from_base64(text).unwrap())
}

fn settings(runtimes: &[&str], license: &str, description: &str) -> LayerSettings {
    LayerSettings {
        compatible_runtimes: runtimes.iter().map(|runtime| runtime.parse().unwrap()).collect(),
        compatible_architectures: vec!["arm64".parse().unwrap()],
        description: Some(description.to_owned()).filter(|text| !text.is_empty()),
        license: Some(license.to_owned()).filter(|text| !text.is_empty()),
    }
}

fn decided(latest: Option<Latest<'_>>, staged: Option<Sha256>, detect: &[Detect], force: bool) -> (Decision, Reason) {
    let wanted = settings(&["python3.12", "python3.13"], "MIT", "new");
    let detect = detect.iter().copied().collect();
    let observed = Observed { latest, wanted: &wanted, detect: &detect, staged, is_behind: false, force };
    let decided = decide(&observed);
    (decided.decision, decided.reason)
}

const DEFAULT: &[Detect] = &[Detect::Manifest, Detect::Settings];
const WITH_CONTENT: &[Detect] = &[Detect::Manifest, Detect::Settings, Detect::Content];

#[test]
fn every_row_of_the_table() {
    use {BackupState::*, Decision::*, Reason::*};
    let same = settings(&["python3.13", "python3.12"], "MIT", "old");
    let other = settings(&["python3.12"], "MIT", "old");
    let latest = |settings, backup, content| Some(Latest { settings, backup, content });
    let rows = [
        (latest(&same, Missing, sha(NEW)), sha(NEW), DEFAULT, (Adopt, BackupMissing)),
        (latest(&other, Missing, sha(NEW)), sha(NEW), DEFAULT, (Adopt, BackupMissing)),
        (latest(&same, Missing, sha(OLD)), sha(NEW), DEFAULT, (Publish, BackupMissing)),
        (latest(&same, Missing, None), sha(NEW), DEFAULT, (Publish, BackupMissing)),
        (latest(&same, Missing, sha(NEW)), None, DEFAULT, (Publish, BackupMissing)),
        (latest(&same, Different, sha(NEW)), sha(NEW), DEFAULT, (Publish, DependenciesChanged)),
        (latest(&other, Different, None), None, DEFAULT, (Publish, DependenciesChanged)),
        (latest(&other, Same, sha(NEW)), sha(NEW), DEFAULT, (Publish, SettingsChanged)),
        (latest(&same, Same, None), None, DEFAULT, (Keep, Unchanged)),
        (latest(&same, Same, sha(OLD)), sha(NEW), DEFAULT, (Keep, Unchanged)),
        (latest(&same, Same, sha(OLD)), sha(NEW), WITH_CONTENT, (Publish, ContentChanged)),
        (latest(&same, Same, sha(NEW)), sha(NEW), WITH_CONTENT, (Keep, Unchanged)),
        (latest(&same, Same, None), sha(NEW), WITH_CONTENT, (Keep, Unchanged)),
        (latest(&other, Same, None), None, &[Detect::Manifest], (Keep, Unchanged)),
        (latest(&same, Different, None), None, &[Detect::Dependencies], (Publish, DependenciesChanged)),
        (latest(&same, Same, None), None, &[Detect::Dependencies], (Keep, Unchanged)),
        (latest(&same, Different, None), None, &[Detect::Settings], (Keep, Unchanged)),
        (latest(&same, Same, None), None, &[Detect::Description], (Publish, SettingsChanged)),
    ];
    assert_eq!(decided(None, None, DEFAULT, false), (Publish, FirstVersion));
    assert_eq!(decided(None, sha(NEW), DEFAULT, true), (Publish, FirstVersion));
    for (row, (latest, staged, detect, expected)) in rows.into_iter().enumerate() {
        assert_eq!(decided(latest.clone(), staged, detect, false), expected, "row {row}");
        let forced = if expected.0 == Keep { (Publish, Forced) } else { expected };
        assert_eq!(decided(latest, staged, detect, true), forced, "row {row} with --force");
    }
}

#[test]
fn a_target_that_is_behind_is_published_only_where_targets_differ() {
    let same = settings(&["python3.13", "python3.12"], "MIT", "old");
    let detect = DEFAULT.iter().copied().collect();
    let decided = |is_behind, content, staged| {
        let latest = Some(Latest { settings: &same, backup: BackupState::Same, content });
        decide(&Observed { latest, wanted: &same, detect: &detect, staged, is_behind, force: false }).reason
    };
    assert_eq!(decided(true, sha(OLD), sha(NEW)), Reason::Behind);
    assert_eq!(decided(true, sha(NEW), sha(NEW)), Reason::Unchanged, "this one is where it should be");
    assert_eq!(decided(false, sha(OLD), sha(NEW)), Reason::Unchanged, "all targets have the same");
    assert_eq!(decided(true, None, sha(NEW)), Reason::Unchanged, "nobody knows");
}

#[test]
fn settings_are_compared_as_sets_and_an_empty_text_is_none() {
    let latest = LayerSettings { license: Some(String::new()), ..settings(&["python3.12"], "", "x") };
    let wanted = settings(&["python3.13", "python3.12"], "", "y");
    let detect = BTreeSet::from([Detect::Settings]);
    let latest = Latest { settings: &latest, backup: BackupState::Same, content: None };
    let observed = Observed {
        latest: Some(latest),
        wanted: &wanted,
        detect: &detect,
        staged: None,
        is_behind: false,
        force: false,
    };
    let expected = SettingChange {
        setting: "compatible-runtimes".to_owned(),
        added: vec!["python3.13".to_owned()],
        removed: Vec::new(),
    };
    assert_eq!(decide(&observed).settings, [expected]);
}
