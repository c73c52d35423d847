//! The HTML report in a real browser: sorted, filtered, light and dark, on a phone, without a network, and with a hostile
//! report that is only text.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::common::project::Project;
use crate::common::run;

/// A page of these jobs; `changed` makes each of a real one.
pub fn page(count: usize, changed: impl Fn(usize, &mut Value)) -> (Project, PathBuf) {
    let project = Project::of(&["a"]);
    let mut report = project.run("plan --stage --format json", 0).report();
    let job = report["jobs"][0].clone();
    let jobs = (0..count).map(|n| {
        let mut job = job.clone();
        changed(n, &mut job);
        job
    });
    let jobs: Vec<Value> = jobs.collect();
    (report["mode"], report["ran"]["command"]) = ("publish".into(), json!(["layership", "publish"]));
    report["summary"] = json!({"jobs": count});
    for outcome in ["published", "adopted", "unchanged", "failed", "cancelled"] {
        report["summary"][outcome] = jobs.iter().filter(|job| job["outcome"] == outcome).count().into();
    }
    report["jobs"] = jobs.into();
    project.write("report.json", report.to_string());
    run(project.command(), ["report", "convert", "report.json", "html=report.html"]).expect(0);
    let path = project.folder().join("report.html");
    (project, path)
}

/// Ten layers: 1 and 10 in the order of numbers, not of letters; every third failed, every fifth is unchanged.
fn usual(n: usize, job: &mut Value) {
    job["layer"] = format!("layer-{n}").into();
    job["layer_version_arn"] = format!("arn:aws:lambda:us-east-1:123456789012:layer:layer-{n}:{}", 12 - n).into();
    job["target"] = if n.is_multiple_of(2) { "us-east-1" } else { "tokyo" }.into();
    (job["previous_version"], job["version"]) = ((11 - n).into(), (12 - n).into());
    job["seconds"] = json!(n * n);
    job["outcome"] = match n {
        _ if n % 3 == 2 => "failed",
        _ if n % 5 == 4 => "unchanged",
        _ => "published",
    }
    .into();
    if n % 3 == 2 {
        job["error"] = json!({"code": "access-denied", "message": format!("not allowed {n}"), "hint": "allow it",
            "causes": ["AccessDeniedException (HTTP 403)"], "request_id": null});
    }
    job["warnings"] = json!([{"code": "manifest-unpinned", "message": "a line is not pinned"}]);
    job["dependencies"]["changed"] = json!([{"name": "urllib3", "from": "2.0.4", "to": "2.2.1"}]);
}

/// Those of the ten, in the order in which the page has them.
const FAILED_FIRST: [usize; 10] = [2, 5, 8, 0, 1, 3, 4, 6, 7, 9];

/// The layers that are shown, from top to bottom.
fn shown(browser: &mut Browser) -> Vec<usize> {
    let rows = browser.is("[...document.querySelectorAll('tbody tr')].filter(row => row.getClientRects().length > 0)
            .map(row => +row.cells[1].textContent.replace('layer-', ''))");
    rows.as_array().unwrap().iter().map(|number| usize::try_from(number.as_u64().unwrap()).unwrap()).collect()
}

fn all(order: impl IntoIterator<Item = usize>) -> Vec<usize> {
    order.into_iter().collect()
}

#[test]
fn a_page_is_sorted_and_filtered_by_whoever_looks_at_it() {
    let (_project, path) = page(10, usual);
    let mut browser = Browser::start();
    browser.resize(1280, 900, false);
    browser.open(&path);
    assert_eq!(shown(&mut browser), FAILED_FIRST, "what failed first, else as it is in the report");

    // Each heading sorts by its column, and the other way round the second time: numbers as numbers.
    for (column, up) in [(2, all(0..10)), (4, all((0..10).rev())), (7, all(0..10))] {
        let heading = format!("th:nth-child({column}) button");
        let order =
            |browser: &mut Browser| browser.is(&format!("document.querySelector('th:nth-child({column})').ariaSort"));
        browser.click(&heading);
        assert_eq!((shown(&mut browser), order(&mut browser)), (up.clone(), "ascending".into()), "column {column}");
        browser.click(&heading);
        let down = all(up.into_iter().rev());
        assert_eq!((shown(&mut browser), order(&mut browser)), (down, "descending".into()), "column {column}");
    }
    let sorted = browser.is("document.querySelectorAll('th[aria-sort]').length");
    assert_eq!(sorted, 1, "one column at a time says that it is sorted by");
    // With the keyboard as well.
    browser.is("document.querySelector('th:nth-child(3) button').focus()");
    browser.press("Enter");
    assert_eq!(shown(&mut browser), [9, 7, 5, 3, 1, 8, 6, 4, 2, 0], "by target; where it is the same, as before");

    // Words, all of which must be there, in any column.
    browser.click("th:nth-child(2) button");
    browser.click("#words");
    browser.write("TOKYO access-denied");
    assert_eq!(shown(&mut browser), [5]);
    let count = |browser: &mut Browser| browser.is("document.getElementById('shown').textContent");
    assert_eq!(count(&mut browser), "1 of 10 shown");
    browser.write(" nowhere");
    assert_eq!(shown(&mut browser), [0; 0]);
    assert_eq!(
        browser.is("document.getElementById('none').getClientRects().length"),
        1,
        "it says that nothing matches"
    );

    // Outcomes, each with its count.
    browser.is("words.value = ''; words.dispatchEvent(new Event('input'))");
    let labels = browser.is("[...document.querySelectorAll('label')].map(label => label.textContent.trim())");
    assert_eq!(labels, json!(["5 published", "2 unchanged", "3 failed"]));
    browser.click("input[value=published]");
    browser.click("input[value=unchanged]");
    assert_eq!((shown(&mut browser), count(&mut browser)), (vec![2, 5, 8], "3 of 10 shown".into()));
    assert_eq!(browser.complaints(), [""; 0]);
}

/// How much the colours of the elements that this selects differ from what is behind them, at least: WCAG's ratio.
const CONTRAST: &str = r"(() => {
    const parts = (color) => color.match(/[\d.]+/g).map(Number);
    const light = (color) => parts(color).slice(0, 3).map((c) => c / 255)
        .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
    const behind = (element) => {
        for (; element; element = element.parentElement) {
            const color = getComputedStyle(element).backgroundColor;
            if ((parts(color)[3] ?? 1) > 0) return color;
        }
        return 'rgb(255, 255, 255)';
    };
    const ratios = [...document.querySelectorAll('h1, p:not(.none), label, th button, td, td code, summary, li')].map((element) => {
        const pair = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
        return (pair[0] + 0.05) / (pair[1] + 0.05);
    });
    return Math.min(...ratios);
})()";

#[test]
fn it_is_light_or_dark_as_people_set_their_system_and_readable_in_both() {
    let (_project, path) = page(10, usual);
    let mut browser = Browser::start();
    browser.resize(1280, 900, false);
    let mut papers = Vec::new();
    for scheme in ["light", "dark"] {
        browser.prefer(scheme);
        browser.open(&path);
        papers.push(browser.is("getComputedStyle(document.body).backgroundColor"));
        let ratio = browser.is(CONTRAST).as_f64().unwrap();
        assert!(ratio >= 4.5, "{scheme}: a contrast of {ratio:.2}, where 4.5 is the least that WCAG calls readable");
    }
    assert_eq!(papers, ["rgb(255, 255, 255)", "rgb(13, 17, 23)"]);
}

#[test]
fn on_a_phone_everything_is_there_and_nothing_is_wider_than_the_screen() {
    let (_project, path) = page(10, usual);
    let mut browser = Browser::start();
    for width in [320, 390, 500] {
        browser.resize(width, 844, true);
        browser.open(&path);
        assert_eq!(browser.is("innerWidth"), width, "the page is as wide as the screen");
        let wider = browser.is(
            "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 0.5)
                .map(e => e.outerHTML.slice(0, 80))",
        );
        assert_eq!(wider, json!([]), "at {width} pixels");
        // Beside its label, and not below it.
        let below = browser.is(
            "[...document.querySelectorAll('tbody td[data-label=Why] details, tbody td[data-label=Why] summary')]
                .filter(e => e.getBoundingClientRect().left < e.closest('td').getBoundingClientRect().left + 96)
                .map(e => e.outerHTML.slice(0, 80))",
        );
        assert_eq!(below, json!([]), "at {width} pixels");
        // Each cell says what it is, as its heading does on a wide screen.
        let labels = browser.is(
            "[...document.querySelector('tbody tr').cells].map(cell => getComputedStyle(cell, '::before').content)",
        );
        let named = ["Outcome", "Layer", "Target", "Version", "Why", "ARN", "Seconds"];
        assert_eq!(labels, json!(named.map(|name| format!("\"{name}\""))));
    }
    // What can be done with a mouse can be done here.
    browser.click("th:nth-child(4) button");
    assert_eq!(shown(&mut browser), all((0..10).rev()));
    browser.click("input[value=published]");
    assert_eq!(shown(&mut browser), [9, 8, 5, 4, 2]);
    browser.click("#words");
    browser.write("layer-9");
    assert_eq!(shown(&mut browser), [9]);
}

#[test]
fn a_page_asks_nobody_for_anything_and_is_whole_without_its_script() {
    let (_project, path) = page(10, usual);
    let mut browser = Browser::start();
    browser.resize(1280, 900, false);
    browser.open(&path);
    browser.click("th:nth-child(2) button");
    assert_eq!(browser.asked_for(), [format!("file://{}", path.display())]);
    // And could not: its own policy forbids it.
    browser.is("new Promise(done => { const i = new Image(); i.onerror = i.onload = done; i.src = 'https://example.com/x.png' })");
    browser.is("fetch('https://example.com/').catch(() => 0)");
    let complaints = browser.complaints().join("\n");
    assert_eq!(complaints.matches("Content Security Policy directive").count(), 2, "{complaints}");
    browser.scripts(false);
    browser.open(&path);
    // What is evaluated here is not of the page.
    assert_eq!(shown(&mut browser), FAILED_FIRST);
}

#[test]
fn what_a_stranger_wrote_is_text_and_nothing_else() {
    let hostile = [
        "</code><script>window.pwned = 1</script>",
        "<img src=x onerror='window.pwned = 1'>",
        "\"><svg onload=window.pwned=1>",
        "' onmouseover='window.pwned = 1",
        "{{rows}} &lt;b&gt; &#x3c;i&#x3e;",
        "javascript:window.pwned=1",
        "\u{202e}txet\u{1b}[31m\u{0}",
    ];
    let (_project, path) = page(hostile.len(), |n, job| {
        for field in ["layer", "target", "layer_version_arn"] {
            job[field] = hostile[n].into();
        }
        job["outcome"] = "failed".into();
        job["error"] = json!({"code": "internal", "message": hostile[n], "hint": hostile[n], "causes": [hostile[n]],
            "request_id": hostile[n]});
        job["warnings"] = json!([{"code": hostile[n], "message": hostile[n]}]);
        job["dependencies"]["added"] = json!([{"name": hostile[n], "version": hostile[n]}]);
    });
    let mut browser = Browser::start();
    browser.resize(1280, 900, false);
    browser.open(&path);
    for column in 1..=7 {
        browser.click(&format!("th:nth-child({column}) button"));
    }
    browser.click("#words");
    browser.write("window");
    assert_eq!(browser.is("typeof window.pwned"), "undefined");
    let foreign = browser.is("document.querySelectorAll('img, svg, b, i, script:not(:last-of-type), a').length");
    assert_eq!(foreign, 0);
    let names = browser.is("[...document.querySelectorAll('tbody tr')].map(row => row.cells[1].textContent).sort()");
    let mut expected: Vec<String> = hostile[..6].iter().map(|&text| text.to_owned()).collect();
    expected.push(r"\u{202e}txet\u{1b}[31m\u{0}".to_owned());
    expected.sort();
    assert_eq!(names, json!(expected), "each is shown as it is written");
    assert_eq!((browser.asked_for().len(), browser.complaints()), (1, vec![]));
}
