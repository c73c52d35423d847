//! The state, as a journal gives it again.

use super::*;

fn place() -> Place {
    Place { account: "123456789012".to_owned(), region: "eu-west-1".to_owned() }
}

fn published(version: u64) -> Event {
    let version = serde_json::json!({"version": version, "created": 0, "blob": format!("{version:032x}"),
        "size": 1, "sha256": "", "description": null, "license": null, "runtimes": null, "architectures": null});
    let version = serde_json::from_value(version).expect("a layer version");
    Event::LayerPublished { place: place(), name: "numpy".to_owned(), version }
}

#[test]
fn a_compacted_journal_keeps_the_highest_number_of_a_deleted_version() {
    let mut state = State::default();
    state.apply(published(1));
    state.apply(published(2));
    let freed = state.apply(Event::LayerDeleted { place: place(), name: "numpy".to_owned(), version: 2 });
    assert_eq!(freed.iter().map(BlobId::as_str).collect::<Vec<_>>(), [format!("{:032x}", 2)]);

    let mut again = State::default();
    for event in state.events() {
        again.apply(event);
    }
    assert_eq!(again.layer(&place(), "numpy").map(|layer| layer.last), Some(2));
    let kept: Vec<_> = again.blobs().into_iter().map(BlobId::as_str).collect();
    assert_eq!(kept, [format!("{:032x}", 1)]);
}

#[test]
fn functions_are_kept_as_they_were_last_and_deleted_ones_are_not() {
    let mut state = State::default();
    for (name, layers) in [("kept", &["a:1"]), ("kept", &["a:2"]), ("gone", &["a:1"])] {
        let function = Box::new(Function::sample(layers));
        state.apply(Event::FunctionSet { place: place(), name: name.to_owned(), function });
    }
    state.apply(Event::FunctionDeleted { place: place(), name: "gone".to_owned() });
    let mut again = State::default();
    for event in state.events() {
        let line = serde_json::to_vec(&event).expect("a line");
        again.apply(serde_json::from_slice(&line).expect("read again"));
    }
    let layers = |name: &str| again.function(&place(), name).map(|function| function.latest.layers[0].arn.clone());
    assert_eq!((layers("kept").as_deref(), layers("gone")), (Some("a:2"), None));
}
