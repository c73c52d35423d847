//! Every code that `explain` knows is met by a test that runs the binary: one that nothing provokes would be a word without
//! a meaning.

use crate::common::{folder, layership, run};
use crate::text;

/// A code, and the test in whose body it is what a run ends with, warns of or finds.
const PROVOKED: &[(&str, &str, &str)] = &[
    ("manifest-missing", "bad_input/manifests.rs", "missing"),
    ("manifest-unpinned", "bad_input/manifests.rs", "unpinned_and_denied"),
    ("build-failed", "cli/build.rs", "what_a_failed_build_printed_last_is_shown"),
    ("archive-missing", "bad_input/archives.rs", "not_staged"),
    ("archive-inconsistent", "bad_input/archives.rs", "a_new_manifest_but_the_old_archive"),
    ("archive-invalid", "bad_input/archives.rs", "no_zip"),
    ("archive-too-large", "bad_input/archives.rs", "too_large_when_unzipped"),
    ("archive-stale", "bad_input/stale.rs", "an_archive_that_was_not_built_again"),
    ("archive-differs", "bad_input/stale.rs", "another_version_than_the_manifest_pins"),
    ("secret-in-manifest", "bad_input/stale.rs", "a_manifest_with_a_password_is_not_kept_in_s3"),
    ("bucket-missing", "bad_input/places.rs", "a_bucket_that_does_not_exist"),
    ("bucket-unversioned", "cli/storage.rs", "a_bucket_that_keeps_no_versions_is_refused_before_anything_is_written"),
    ("bucket-policy", "cli/storage.rs", "a_policy_that_does_not_let_lambda_read_is_refused_before_anything_is_written"),
    ("storage-class", "cli/storage.rs", "what_lies_in_a_class_that_lambda_does_not_read_from_is_refused"),
    ("wrong-region", "cli/refused.rs", "a_bucket_of_another_region_is_told_with_both_regions"),
    ("access-denied", "cli/refused.rs", "a_zip_that_lambda_may_not_read_is_a_missing_permission_for_s3"),
    ("credentials", "bad_input/places.rs", "no_credentials"),
    ("wrong-account", "bad_input/places.rs", "credentials_of_another_account"),
    ("throttled", "cli/refused.rs", "s3_that_is_too_busy_is_told_with_what_helps_against_s3"),
    ("locked", "cli/prune_beside.rs", "a_layer_that_another_run_publishes_is_left_alone"),
    ("timeout", "bad_input/places.rs", "a_service_that_never_answers"),
    ("network", "bad_input/places.rs", "a_port_where_nobody_listens"),
    ("unconfirmed", "cli/stop.rs", "a_second_signal_stops_at_once"),
    ("code-storage-exceeded", "cli/refused.rs", "a_quota_that_is_used_up_is_told_with_what_makes_room"),
    ("backup-failed", "cli/refuse.rs", "a_backup_that_cannot_be_written_is_told_with_the_arn_and_adopted_next_time"),
    ("share-failed", "cli/share.rs", "a_grant_that_fails_is_the_jobs_error_and_the_next_run_mends_it"),
    ("parameter-failed", "cli/parameter.rs", "what_somebody_else_put_there_stays"),
    ("attest-failed", "cli/attest.rs", "a_document_that_cannot_be_written_is_the_jobs_error_and_the_next_run_mends_it"),
    ("settings-refused", "cli/refused.rs", "a_runtime_that_lambda_does_not_know_is_a_setting_that_it_refuses"),
    ("content-mismatch", "cli/storage.rs", "other_bytes_in_its_place_are_left_alone_and_nothing_is_published"),
    ("plan-stale", "cli/saved.rs", "another_zip_for_the_same_manifest_is_stale"),
    ("function-refused", "rollout/others.rs", "what_never_ends_is_told_and_nothing_is_broken"),
    ("update-failed", "rollout/moves.rs", "few_are_moved_first_and_the_rest_only_if_those_succeeded"),
    ("function-busy", "rollout/others.rs", "a_function_that_is_being_changed_for_too_long_is_left_to_the_next_run"),
    ("function-changed", "rollout/others.rs", "what_never_ends_is_told_and_nothing_is_broken"),
    ("write-failed", "bad_input/packing.rs", "a_disk_without_room_for_the_zip_is_told_with_what_helps"),
    ("internal", "cli/refused.rs", "what_is_refused_for_no_known_reason_is_told_in_the_words_of_the_service"),
    ("archive-layout", "bad_input/codes.rs", FOUND),
    ("build-undeclared", "cli/build.rs", "what_a_failed_build_printed_last_is_shown"),
    // These three are no code of a report: `allow` takes them, and accepts what was `archive-invalid` before.
    ("archive-path", "bad_input/hostile.rs", "entries_that_lambda_would_not_unzip_where_they_belong"),
    ("archive-link", "bad_input/inside.rs", "links_that_lead_out"),
    ("archive-entry", "bad_input/inside.rs", "entries_that_are_not_what_the_zip_says"),
    ("archive-mode", "bad_input/inside.rs", "files_that_functions_may_not_read_or_lambda_not_start"),
    ("archive-duplicate", "bad_input/codes.rs", FOUND),
    ("archive-python", "bad_input/codes.rs", FOUND),
    ("archive-architecture", "bad_input/codes.rs", FOUND),
    ("archive-ballast", "bad_input/codes.rs", FOUND),
    ("archive-not-compared", "bad_input/codes.rs", FOUND),
    ("archive-unpublished", "bad_input/stale.rs", "an_archive_that_was_built_again_without_a_change_of_the_manifest"),
    ("package-missing", "bad_input/codes.rs", FOUND),
    ("package-not-locked", "bad_input/codes.rs", FOUND),
    ("manifest-unreadable", "bad_input/codes.rs", FOUND),
    ("include-unreadable", "bad_input/codes.rs", FOUND),
    ("include-not-kept", "bad_input/codes.rs", FOUND),
    (
        "include-not-noted",
        "cli/includes.rs",
        "a_zip_that_says_nothing_of_included_files_is_told_where_it_is_to_be_published",
    ),
    ("extra-grant", "cli/share.rs", "a_grant_that_nobody_declared_is_told_and_taken_away_only_when_asked"),
    ("attest-incomplete", "cli/attest.rs", "a_manifest_that_names_nothing_readable_is_told"),
    ("targets-differ", "cli/align.rs", "what_is_not_staged_everywhere_makes_no_third_content_and_is_told"),
    ("parameter-newer", "cli/parameter.rs", "who_is_slower_never_names_an_older_version"),
    ("storage-unchecked", "cli/storage.rs", "what_may_not_be_asked_is_a_warning_and_lambda_itself_refuses"),
    ("lock-not-released", "cli/refuse.rs", "a_lock_that_cannot_be_freed_is_a_warning"),
    ("region-unknown", "cli/check.rs", ODD),
    ("runtime-unknown", "cli/check.rs", ODD),
    ("manifest-not-locked", "cli/check.rs", ODD),
    (
        "include-outside",
        "cli/reach.rs",
        "folders_that_are_linked_within_the_checkout_are_looked_into_and_others_are_told",
    ),
    ("setting-unknown", "cli/settings.rs", "settings_that_do_not_fit_are_told_with_their_origin"),
    ("not-published", "cli/status.rs", "what_is_published_is_told_with_its_lock_and_backup"),
    ("backup-missing", "cli/status.rs", "what_is_not_in_order_is_found"),
    ("manifest-differs", "cli/status.rs", "what_is_not_in_order_is_found"),
    ("backups-missing", "cli/status.rs", "what_is_not_in_order_is_found"),
    ("attestation-missing", "cli/attest.rs", "what_is_missing_is_repaired_byte_for_byte_from_the_backup"),
    ("archive-gone", "cli/storage.rs", "changing_storage_publishes_nothing_and_status_says_what_differs"),
    ("storage-differs", "cli/storage.rs", "changing_storage_publishes_nothing_and_status_says_what_differs"),
    (
        "parameter-differs",
        "cli/parameter.rs",
        "a_parameter_that_is_missing_or_old_is_repaired_where_nothing_is_published",
    ),
    ("share-missing", "cli/status.rs", "who_the_latest_version_is_shared_with_is_held_against_who_should"),
    ("share-extra", "cli/status.rs", "who_the_latest_version_is_shared_with_is_held_against_who_should"),
    ("lock-stale", "cli/status.rs", "a_lock_that_a_dead_run_left_is_found_with_its_holder_and_phase"),
    ("lock-foreign", "cli/status.rs", "something_else_at_the_locks_key_is_found"),
    ("content-differs", "cli/status.rs", "content_that_differs_between_targets_is_found_and_numbers_are_not"),
];

/// Holds each local finding against its code.
const FOUND: &str = "what_is_found_in_manifests_and_archives_has_its_code";

/// Warns of each oddity of a layers file.
const ODD: &str = "what_is_odd_in_a_layers_file_has_its_code";

/// The body of a test.
fn body(source: &str, test: &str) -> Option<String> {
    let (before, rest) = source.split_once(&format!("\nfn {test}() {{\n"))?;
    let attributes = before.rsplit("\n\n").next()?;
    let (body, _) = rest.split_once("\n}\n")?;
    attributes.contains("#[test]").then(|| body.to_owned())
}

/// Whether a code stands in a text as a word of its own.
fn names(text: &str, code: &str) -> bool {
    let is_part = |c: char| c == '-' || c.is_ascii_alphanumeric();
    let mut at = text.match_indices(code);
    at.any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + code.len()..].starts_with(is_part))
}

#[test]
fn every_code_is_provoked_by_a_test() {
    let page = run(layership(folder().path()), ["explain"]).expect(0).stdout;
    let known: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert_eq!(
        PROVOKED.iter().map(|(code, ..)| *code).collect::<Vec<_>>(),
        known,
        "each code with its test, in this order"
    );
    for (code, file, test) in PROVOKED {
        let body = body(&text(&format!("tests/{file}")), test);
        let body = body.unwrap_or_else(|| panic!("{code}: there is no test `{test}` in tests/{file}"));
        assert!(names(&body, code), "tests/{file}: `{test}` does not meet `{code}`");
    }
}
