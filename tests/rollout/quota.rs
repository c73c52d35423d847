//! What a rollout costs: a page for every 50 functions, and three calls for each one that is moved.

use crate::fleet::Fleet;

const FUNCTIONS: usize = 500;

#[test]
fn five_hundred_functions_cost_hardly_more_calls_than_they_must() {
    // As many a second as the quota has; the sandbox refuses what is above. A change takes as long as AWS's do.
    let flags = ["--lambda-requests-per-second", "150", "--function-change-ms", "300"];
    let fleet = Fleet::with_flags(&["alpha"], &flags);
    fleet.many(FUNCTIONS, &["alpha:1"]);
    fleet.project.forget_requests();
    let report = fleet.report("--apply --lambda-requests-per-second 150", 0);
    assert_eq!(report["summary"]["moved"], FUNCTIONS, "{}", report["summary"]);
    // The newest version and its size, the pages of the sweep, and of each function: it, its change, and whether that is in force.
    let floor = 2 + FUNCTIONS / 50 + 3 * FUNCTIONS;
    let calls = fleet.project.requests().iter().filter(|request| !request.starts_with("GetCallerIdentity")).count();
    println!("{calls} calls, of which {floor} are the least");
    assert!(calls * 10 <= floor * 12, "{calls} calls, where {floor} are the least");
    assert!(
        fleet.functions().as_object().unwrap().values().all(|one| one["layers"][0].as_str().unwrap().ends_with(":2"))
    );
}
