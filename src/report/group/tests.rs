use super::*;
use crate::outcome::{ErrorCode, Outcome};
use crate::report::samples::{failed, job};

fn merged(text: impl Fn(&JobReport) -> String, layers: &[&str]) -> Vec<String> {
    let masked: Vec<Masked> = layers
        .iter()
        .map(|layer| job(layer, "us-east-1", Outcome::Failed))
        .map(|job| mask(&text(&job), &job))
        .collect();
    let all: Vec<&Masked> = masked.iter().collect();
    if masked.iter().all(|one| one.template == masked[0].template) {
        return vec![merge(&all)];
    }
    all.iter().map(|one| merge(&[*one])).collect()
}

#[test]
fn texts_that_differ_in_their_own_words_say_the_same() {
    let merged = |text: &dyn Fn(&JobReport) -> String| merged(text, &["scipy-py311", "scipy-py312"]).join("|");
    assert_eq!(merged(&|j| format!("not allowed on layer `{}`", j.layer)), "not allowed on layer `…`");
    let arn = "arn:aws:lambda:us-east-1:123456789012:layer";
    assert_eq!(merged(&|j| format!("on resource: {arn}:{}", j.layer)), format!("on resource: {arn}:…"));
    assert_eq!(
        merged(&|j| format!("{} does not exist", j.archive.staged)),
        "each of s3://acme/layers/scipy-py311/layer/layer.zip and 1 more does not exist"
    );
    assert_eq!(merged(&|j| format!("at s3://acme/{}/x, too", j.layer)), "at …, too");
    assert_eq!(merged(&|j| format!("the archive `build/{}` is empty", j.layer)), "the archive `…` is empty");
    assert_eq!(
        merged(&|j| format!("build/{}.zip is empty", j.layer)),
        "each of build/scipy-py311.zip and 1 more is empty"
    );
    assert_eq!(merged(&|j| format!("run `layership stage {}`", j.layer)), "run `layership stage …`");
    assert_eq!(merged(&|j| format!("version {} is there", &j.layer[8..])), "version … is there");
    assert_eq!(merged(&|j| format!("MD5 {}", crate::layer::Md5::of(j.layer.as_bytes()))), "MD5 …");
}

#[test]
fn other_words_stay_as_they_are() {
    assert_eq!(merged(|_| "too many requests".to_owned(), &["requests", "many"]), ["too many requests"]);
    let different = merged(|j| format!("layer `{}` is {}", j.layer, j.layer.len()), &["a", "bb"]);
    assert_eq!(different, ["layer `a` is 1", "layer `bb` is 2"]);
    assert_eq!(merged(|_| "a slot \u{e000} of its own".to_owned(), &["a", "b"]), ["a slot \u{e000} of its own"]);
}

/// Where each place were looked at to the end, this would take minutes.
#[test]
fn the_end_of_a_word_is_only_looked_for_where_one_begins() {
    const MANY: usize = 100_000;
    let mut job = job("a", "x", Outcome::Failed);
    job.layer_name = "!".repeat(MANY);
    for text in ["!".repeat(MANY), format!("!{}", "/".repeat(MANY)), "!s3:/".repeat(MANY / 5), "` ".repeat(MANY / 2)] {
        assert_eq!(mask(&text, &job).template, text);
    }
    let (known, digest) = (BTreeSet::from(["x"]), "0a".repeat(16));
    let loosely = |text: &str| mask_loosely(text, &job, &known).template;
    for text in [".".repeat(MANY), "1.".repeat(MANY / 2), "` ".repeat(MANY / 2), "`x`, ".repeat(MANY / 5)] {
        assert_eq!(loosely(&text), text);
    }
    assert_eq!(loosely(&format!("`{digest}`, ").repeat(MANY / 36)), "`\u{e000}`, ".repeat(MANY / 36));
    let uris = "s3://b/k ".repeat(MANY / 9);
    assert_eq!(mask(&uris, &job).template.chars().filter(|c| *c == SLOT).count(), MANY / 9);
}

#[test]
fn words_of_a_target_are_another_cause() {
    let of = |target: &str| {
        let job = job("a", target, Outcome::Failed);
        mask(&format!("no credentials for target `{target}`"), &job).template
    };
    assert_ne!(of("east"), of("west"));
}

#[test]
fn what_tells_jobs_apart_is_real_and_said_once() {
    let masked = ["a", "b", "a"].map(|layer| {
        let job = job(layer, "x", Outcome::Failed);
        mask(&format!("`lambda:Publish` on {} of `{layer}`", job.archive.staged), &job)
    });
    let all: Vec<&Masked> = masked.iter().collect();
    let word = |one: &Masked| differing_word(&all).and_then(|slot| one.word(slot).map(str::to_owned));
    assert_eq!(word(all[0]).as_deref(), Some("s3://acme/layers/a/layer/layer.zip"));
    assert_eq!(word(all[1]).as_deref(), Some("s3://acme/layers/b/layer/layer.zip"));
    assert_eq!((differing_word(&all[..1]), differing_word(&[])), (None, None));
}

#[test]
fn one_request_id_is_kept_for_the_support_of_the_service() {
    let ids = ["4442587FB7D0A2F9", "99AC587FB7D0A2F9"];
    let masked = ids.map(|id| {
        let mut job = failed("a", "x", ErrorCode::AccessDenied, "no");
        job.error.as_mut().unwrap().request_id = Some(id.to_owned());
        mask(&format!("AccessDenied (HTTP 403, request {id})"), &job)
    });
    let all: Vec<&Masked> = masked.iter().collect();
    assert_eq!(merge(&all), "AccessDenied (HTTP 403, request 4442587FB7D0A2F9 and 1 more)");
}

#[test]
fn loosely_masked_texts_differ_in_what_they_give_as_examples() {
    let job = |layer: &str| job(layer, "us-east-1", Outcome::Failed);
    let known = BTreeSet::from(["us-east-1", "tokyo"]);
    let template = |layer: &str, text: &str| mask_loosely(text, &job(layer), &known).template;
    let equal = |a: &str, b: &str| template("a", a) == template("b", b);
    assert!(equal("but `six` changed", "but `idna`, `six` and 12 more changed"));
    assert!(equal("but `a` and 2 more changed", "but `six` changed"), "a package may be called as the layer is");
    assert!(equal("has 268.4 MB, which is", "has 12 kB, which is"));
    assert!(equal("on layer `a`", "on layer `b`"));
    for (a, b) in [
        ("to perform `s3:GetObject`", "to perform `s3:PutObject`"),
        ("(HTTP 403)", "(HTTP 500)"),
        ("run `a b`", "run `c d`"),
        ("at target `us-east-1`", "at target `tokyo`"),
    ] {
        assert!(!equal(a, b), "{a}");
    }
    let masked = ["`six` has 1 MB", "`six` has 2 MB"].map(|text| mask_loosely(text, &job("a"), &known));
    let all: Vec<&Masked> = masked.iter().collect();
    assert_eq!(merge(&all), "`six` has …");
    assert_eq!(differing(&all), [1]);
    assert_eq!((masked[1].example(1), masked[1].word(1)), (Some("2 MB"), None));
    assert_eq!(mask_loosely("`b`", &job("b"), &known).word(0), Some("b"));
}
