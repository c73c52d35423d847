//! The pictures of the HTML report in the documentation. A browser of another version draws other pixels, so each picture
//! carries the digest of the page that it shows: `UPDATE=1 cargo test --test screens page_picture` makes them again.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::browser::Browser;
use crate::common::project::in_crate;
use crate::page::page;

/// A release as people have it: the same report every time.
fn release(n: usize, job: &mut Value) {
    const LAYERS: [&str; 8] = ["arrow", "boto3", "httpx", "numpy", "pandas", "requests", "scipy", "torch"];
    let name = format!("{}-py312", LAYERS[n / 2]);
    let target = ["tokyo", "us-east-1"][n % 2];
    let region = ["ap-northeast-1", "us-east-1"][n % 2];
    let version = 3 + n;
    (job["layer"], job["target"], job["region"]) = (name.as_str().into(), target.into(), region.into());
    (job["previous_version"], job["version"]) = ((version - 1).into(), version.into());
    job["layer_version_arn"] = format!("arn:aws:lambda:{region}:123456789012:layer:{name}:{version}").into();
    job["seconds"] = json!(0.9 + (n as f64) / 10.0);
    (job["outcome"], job["reason"]) = ("unchanged".into(), "unchanged".into());
    match n / 2 {
        2 | 5 => {
            (job["outcome"], job["reason"]) = ("published".into(), "dependencies-changed".into());
            job["dependencies"] = json!({"added": [{"name": "idna", "version": "3.7"}], "removed": [],
                "changed": [{"name": "urllib3", "from": "2.0.4", "to": "2.2.1"}]});
        }
        7 if n % 2 == 1 => {
            (job["outcome"], job["reason"], job["version"]) = ("failed".into(), Value::Null, Value::Null);
            job["layer_version_arn"] = Value::Null;
            job["error"] = json!({"code": "archive-too-large", "message": "268.4 MB unzipped; Lambda accepts 262.1 MB",
                "causes": [], "hint": "leave out what the runtime brings, or split the layer", "request_id": null});
        }
        _ => job["previous_version"] = version.into(),
    }
}

/// A PNG with a text in it, before its first other chunk.
fn labelled(png: &[u8], text: &str) -> Vec<u8> {
    let after_header = 8 + 25;
    let body = [b"tEXtpage\0".as_slice(), text.as_bytes()].concat();
    let length = u32::try_from(body.len() - 4).unwrap().to_be_bytes();
    let checksum = crc32fast::hash(&body).to_be_bytes();
    [&png[..after_header], &length, &body, &checksum, &png[after_header..]].concat()
}

fn digest(text: &[u8]) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_pictures_show_the_page_as_it_is() {
    let (project, path) = page(16, release);
    // What differs from run to run stands in one place of the page.
    let html = String::from_utf8(std::fs::read(&path).unwrap()).unwrap();
    let run = html.lines().find(|line| line.contains(", run ")).expect("when it ran").to_owned();
    let lasting = html.replace(&run, "<p>layership 0.1.0 publish, 2026-11-29T10:00:00Z to 2026-11-29T10:00:04Z</p>");
    project.write("report.html", &lasting);
    let digest = digest(lasting.as_bytes());

    if std::env::var_os("UPDATE").is_some() {
        let mut browser = Browser::start();
        for (name, width, height, phone, scheme) in
            [("report", 1100, 640, false, "light"), ("report-phone", 390, 700, true, "dark")]
        {
            browser.resize(width, height, phone);
            browser.prefer(scheme);
            browser.open(&path);
            std::fs::write(in_crate(&format!("docs/pictures/{name}.png")), labelled(&browser.picture(), &digest))
                .unwrap();
        }
    }
    for name in ["report", "report-phone"] {
        let png = std::fs::read(in_crate(&format!("docs/pictures/{name}.png"))).unwrap_or_default();
        let known = png.windows(digest.len()).any(|window| window == digest.as_bytes());
        assert!(
            known && png.starts_with(b"\x89PNG"),
            "docs/pictures/{name}.png is of another page; `UPDATE=1 cargo test --test screens page_picture` makes it again"
        );
    }
}
