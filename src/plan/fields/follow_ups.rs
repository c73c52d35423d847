//! What follows a version: documents of what it is made of, who it is shared with, the parameter that holds its ARN.

use std::collections::BTreeSet;

use super::{Fields, refuse};
use crate::config::{Filled, Problems, excerpt, listed};
use crate::layer::{Grantee, ParameterName};
use crate::plan::FollowUps;

impl Fields<'_> {
    /// What the layer wants to follow its versions, or `None` and what is wrong.
    pub(super) fn follow_ups(&self, problems: &mut Problems<'_>) -> Option<(FollowUps, Option<Filled>)> {
        let share = match &self.layer.share {
            Some(named) => self.share(named, problems).map(Some),
            None => (!self.is_unreadable("share", problems)).then_some(None),
        };
        let parameter = match &self.layer.parameter {
            Some(template) => self.parameter(template, problems).map(Some),
            None => (!self.is_unreadable("parameter", problems)).then_some(None),
        };
        if self.is_unreadable("attest", problems) {
            return None;
        }
        let (name, filled) = parameter?.unzip();
        Some((FollowUps { share: share?, parameter: name, attest: self.layer.attest.unwrap_or_default() }, filled))
    }

    fn parameter(&self, template: &str, problems: &mut Problems<'_>) -> Option<(ParameterName, Filled)> {
        let place = self.place("parameter", self.own.parameter.is_some());
        let name = self.fill(template, &self.placeholders(), &place, problems)?;
        match ParameterName::in_region(&name.text, &self.at.target.region) {
            Ok(parsed) => Some((parsed, name)),
            Err(unfit) => refuse(problems, &place, format!("the parameter name `{}` {unfit}", excerpt(name.shown()))),
        }
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
