//! How large a function and its layers are, unzipped: added up before Lambda is asked, as far as that can be known.

use std::io::Write as _;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::FunctionCode;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use crate::fleet::{Fleet, outcome};

const LIMIT: usize = 262_144_000;
const LAYER: usize = 100_000_000;

/// A zip of one file with so many zeros.
fn zeros(path: &str, size: usize) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(path, SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated)).unwrap();
    let piece = vec![0; 1_000_000];
    for at in (0..size).step_by(piece.len()) {
        zip.write_all(&piece[..piece.len().min(size - at)]).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The layer gets another version, of this size.
fn publish(fleet: &Fleet, layer: &str, number: u64, size: usize) {
    let archive = fleet.project.folder().join(format!("{layer}/layer"));
    let _ = std::fs::remove_dir_all(&archive);
    fleet.project.write(&format!("{layer}/requirements.txt"), format!("{layer}=={number}.0.0\n"));
    fleet.project.write(&format!("{layer}/layer"), zeros(&format!("python/{layer}.bin"), size));
    fleet.project.run(&format!("publish --stage {layer}"), 0);
}

/// A function whose code has this size.
fn function(fleet: &Fleet, name: &str, layers: &[&str], size: usize) {
    let code = FunctionCode::builder().zip_file(Blob::new(zeros("app.bin", size))).build();
    fleet.made(name, layers, |creation| creation.code(code));
}

fn of<'r>(report: &'r Value, name: &str) -> &'r Value {
    report["functions"].as_array().unwrap().iter().find(|one| one["function"] == name).expect(name)
}

#[test]
fn what_would_be_too_large_is_left_alone_and_what_just_fits_is_moved() {
    let fleet = Fleet::of(&["alpha"]);
    publish(&fleet, "alpha", 3, LAYER);
    function(&fleet, "fits", &["alpha:1"], LIMIT - LAYER);
    function(&fleet, "bursts", &["alpha:1"], LIMIT - LAYER + 1);
    fleet.function("small", &["alpha:1"]);
    let plan = fleet.report("", 1);
    assert_eq!(
        ["fits", "bursts", "small"].map(|name| outcome(&plan, name)),
        ["planned", "refused too-large", "planned"]
    );
    assert_eq!(of(&plan, "fits")["unzipped"], LIMIT);
    assert_eq!(
        of(&plan, "bursts")["refusal"]["message"].as_str().unwrap(),
        format!("its code and layers would have {} bytes unzipped, and Lambda accepts {LIMIT}", LIMIT + 1)
    );
    assert_eq!(of(&plan, "small").get("unzipped"), None, "what is small zipped is not read");
    fleet.project.forget_requests();
    let moved = fleet.report("--apply", 1);
    assert_eq!(["fits", "bursts", "small"].map(|name| outcome(&moved, name)), ["moved", "refused too-large", "moved"]);
    assert_eq!(fleet.layers("bursts"), ["alpha:1"]);
    // Lambda agrees about both, and each version was asked for once, however many functions use it.
    assert_eq!(fleet.asked(&["GetLayerVersionByArn"]).len(), 2);
    // No larger than before: the code is not read, so its size is not told.
    publish(&fleet, "alpha", 4, LAYER - 1);
    let shrunk = fleet.report("--apply --function fits", 0);
    assert_eq!((outcome(&shrunk, "fits").as_str(), of(&shrunk, "fits").get("unzipped")), ("moved", None));
}

#[test]
fn what_cannot_be_added_up_is_said_and_lambda_refuses_it() {
    let fleet = Fleet::of(&["alpha"]);
    publish(&fleet, "alpha", 3, LAYER);
    function(&fleet, "bursts", &["alpha:1"], LIMIT - LAYER + 1);
    fleet.project.inject(r#"{"operation": "GetLayerVersionByArn", "fault": "access-denied"}"#);
    let plan = fleet.rollout("", 0);
    assert!(plan.stdout.contains("alpha 1 -> 3, size not known"), "{plan:?}");
    let report = fleet.report("--apply", 1);
    assert_eq!(
        (outcome(&report, "bursts"), &of(&report, "bursts")["size_unknown"]),
        ("failed function-refused".to_owned(), &json!(true))
    );
    let causes = of(&report, "bursts")["error"]["causes"].to_string();
    assert!(causes.contains("Layers consume more than the available size of 262144000 bytes"), "{causes}");
    assert_eq!(fleet.layers("bursts"), ["alpha:1"]);
}
