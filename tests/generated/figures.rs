//! The README's figures are those of the run that is kept.

use super::text;
use serde_json::Value;

/// What the README calls the cases and tools of `bench/cases.py`.
const CASES: [(&str, &str); 3] = [
    ("unchanged", "unchanged"),
    ("all changed, 15 Lambda requests/s", "release"),
    ("all changed, others leave 7 Lambda requests/s", "shared"),
];
const TOOLS: [(&str, &str); 4] = [
    ("layership", "layership"),
    ("boto3 script, 32 threads", "boto3"),
    ("Python library, 16 threads", "library-16"),
    ("Python library", "library"),
];

fn named<'n>(names: &[(&str, &'n str)], name: &str) -> &'n str {
    names.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name} is not known here")).1
}

#[test]
fn the_figures_of_the_readme_are_those_that_were_measured() {
    let readme = text("README.md");
    let results: Value = serde_json::from_str(&text("bench/results/benchmark.json")).unwrap();
    let rows = results["rows"].as_array().unwrap();
    let table = readme.split_once("| case | tool | layers |").expect("the table").1;
    let lines: Vec<&str> = table.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    assert!(lines.len() >= 9, "{lines:#?}");
    let mut case = "";
    for line in lines {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [title, tool, figures @ ..] = cells.as_slice() else { panic!("{line}") };
        case = if title.is_empty() { case } else { named(&CASES, title) };
        let of = |row: &&Value| {
            row["case"] == case
                && row["tool"] == named(&TOOLS, tool)
                && row["layers"].as_u64() == figures[0].replace(',', "").parse().ok()
        };
        let row = rows.iter().find(of).unwrap_or_else(|| panic!("not measured: {line}"));
        let asked = row["requests"].as_object().unwrap().iter().filter(|(operation, _)| operation.contains("Layer"));
        let asked: u64 = asked.filter_map(|(_, count)| count.as_u64()).sum();
        let measured = [
            format!("{:.2}", row["seconds"].as_f64().unwrap()),
            asked.to_string(),
            row["throttled"].to_string(),
            row["failed"].to_string(),
        ];
        let told: Vec<String> = figures[1..].iter().map(|figure| figure.replace(',', "")).collect();
        assert_eq!(told, measured, "{line}");
    }
    // How much memory is said as well.
    let peak = |layers: u64| {
        let of_layers = rows.iter().filter(|row| row["tool"] == "layership" && row["layers"] == layers);
        of_layers.filter_map(|row| row["memory_mb"].as_f64()).fold(0.0, f64::max)
    };
    let said = "Memory stays below 100 MB for 1,000 layers and below 150 MB for 10,000;";
    assert!(readme.split_whitespace().collect::<Vec<_>>().join(" ").contains(said));
    assert!((1.0..100.0).contains(&peak(1_000)) && (1.0..150.0).contains(&peak(10_000)));
    let machine = &results["machine"];
    let system = machine["system"].as_str().unwrap().split('.').take(2).collect::<Vec<_>>().join(".");
    assert!(readme.contains(&format!("{}, {system};", machine["memory"].as_str().unwrap())));
}
