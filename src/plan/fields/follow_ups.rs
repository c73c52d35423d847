//! What follows a version: who it is shared with.

use std::collections::BTreeSet;

use super::{Fields, refuse};
use crate::config::{Problems, excerpt, listed};
use crate::layer::Grantee;
use crate::plan::FollowUps;

impl Fields<'_> {
    /// What the layer wants to follow its versions, or `None` and what is wrong.
    pub(super) fn follow_ups(&self, problems: &mut Problems<'_>) -> Option<FollowUps> {
        let share = match &self.layer.share {
            Some(named) => Some(self.share(named, problems)?),
            None if self.is_unreadable("share", problems) => return None,
            None => None,
        };
        Some(FollowUps { share })
    }

    fn share(&self, named: &[String], problems: &mut Problems<'_>) -> Option<BTreeSet<Grantee>> {
        let place = self.place("share", self.own.share.is_some());
        let mut wrong = Vec::new();
        let mut read = |text: &String| text.parse().map_err(|unfit| wrong.push((text.clone(), unfit))).ok();
        let grantees = named.iter().filter_map(&mut read).collect();
        match wrong.as_slice() {
            [] => Some(grantees),
            [(text, unfit)] => refuse(problems, &place, format!("`{}` {unfit}", excerpt(text))),
            [(first, unfit), rest @ ..] => {
                let others: Vec<String> = rest.iter().map(|(text, _)| format!("`{}`", excerpt(text))).collect();
                let others: Vec<&str> = others.iter().map(String::as_str).collect();
                refuse(
                    problems,
                    &place,
                    format!("`{}` {unfit}; the same holds for {}", excerpt(first), listed(&others)),
                )
            }
        }
    }
}
