//! What follows a version, in words.

use crate::outcome::{JobReport, Outcome};
use crate::report::Shown;
use crate::shown;

/// What is to be done: `to stay in the bucket; to be attested; to be shared with 123456789012, public; to be written to /layers/numpy`. Empty where nothing is.
pub fn planned(job: &JobReport) -> Shown {
    let share = job.share.iter();
    let share =
        share.flat_map(|share| [("to be shared with", &share.to_grant), ("to be taken from", &share.to_revoke)]);
    let attest = job.attest.iter().filter(|attest| attest.to_write).map(|_| Shown::from("to be attested"));
    let attest = kept(job).map(|()| Shown::from("to stay in the bucket")).chain(attest);
    let parameter = job.parameter.iter().filter(|parameter| parameter.to_write);
    joined(attest, share, parameter.map(|parameter| shown!("to be written to {}", parameter.name)))
}

/// What was done: `stays in the bucket; attested; shared with 123456789012, public; written to /layers/numpy`. Empty where nothing was.
pub fn done(job: &JobReport) -> Shown {
    let share = job.share.iter();
    let share = share.flat_map(|share| [("shared with", &share.granted), ("taken from", &share.revoked)]);
    let attest = job.attest.iter().filter(|attest| attest.written).map(|_| Shown::from("attested"));
    let attest = kept(job).map(|()| Shown::from("stays in the bucket")).chain(attest);
    let parameter = job.parameter.iter().filter(|parameter| parameter.written);
    joined(attest, share, parameter.map(|parameter| shown!("written to {}", parameter.name)))
}

/// Where a version is new, whether its archive stays where it is.
fn kept(job: &JobReport) -> impl Iterator<Item = ()> {
    let is_new = matches!(job.outcome, Outcome::Planned | Outcome::Published);
    job.archive.kept.iter().filter(move |_| is_new).map(|_| ())
}

fn joined<'a>(
    first: impl Iterator<Item = Shown>,
    share: impl Iterator<Item = (&'a str, &'a Vec<String>)>,
    last: impl Iterator<Item = Shown>,
) -> Shown {
    let share = share.filter(|(_, who)| !who.is_empty()).map(|(what, who)| shown!("{} {}", what, who.join(", ")));
    Shown::join(first.chain(share).chain(last), "; ")
}
