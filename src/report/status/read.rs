//! What `status` told, read back as the report that it was made of: whatever is told of that can be told of it again.

use std::sync::Arc;

use super::{LayerOverview, STATUS_VERSION, StatusReport, TargetOverview};
use crate::event::Mode;
use crate::layer::VersionArn;
use crate::outcome::{JobReport, Outcome, Tally};
use crate::report::Report;
use crate::report::model::Summary;

impl StatusReport {
    /// Reads the JSON of it, as the report that it was made of.
    ///
    /// # Errors
    /// Why it is not one.
    pub fn parse(text: &[u8]) -> Result<Report, String> {
        let status: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if status.status != STATUS_VERSION {
            let version = status.status;
            return Err(format!("it has version {version}, and this layership knows version {STATUS_VERSION}"));
        }
        Ok(status.into_report())
    }

    fn into_report(self) -> Report {
        let of_layer = |layer: LayerOverview| {
            let key = layer.layer;
            layer.targets.into_iter().map(move |at| job(key.clone(), at))
        };
        let jobs: Vec<JobReport> = self.layers.into_iter().flat_map(of_layer).collect();
        let mut tally = Tally::of(jobs.len());
        jobs.iter().for_each(|job| tally.count(job.outcome));
        Report {
            tool: self.tool,
            run: self.run,
            part: self.part,
            ran: self.ran,
            started_at: self.started_at,
            finished_at: self.finished_at,
            seconds: self.seconds,
            warnings: self.warnings,
            summary: Summary::new(Mode::Status, &tally),
            jobs,
            ..Report::empty(Mode::Status)
        }
    }
}

fn job(layer: String, at: TargetOverview) -> JobReport {
    let latest = at.status.as_ref().and_then(|status| status.latest.as_ref());
    let layer_version_arn = latest.map(|latest| latest.layer_version_arn.clone());
    let arn = layer_version_arn.as_deref().and_then(|arn| arn.parse::<VersionArn>().ok());
    JobReport {
        layer,
        target: at.target,
        region: at.region,
        account: at.account,
        layer_name: at.layer_name,
        decision: None,
        reason: None,
        outcome: match (&at.error, &at.status) {
            (Some(_), _) => Outcome::Failed,
            (None, Some(_)) => Outcome::Checked,
            (None, None) => Outcome::Cancelled,
        },
        previous_version: None,
        version: latest.map(|latest| latest.version),
        layer_arn: arn.map(|arn| arn.layer.to_string()),
        layer_version_arn,
        manifest: at.manifest,
        archive: at.archive,
        dependencies: Arc::default(),
        settings: Vec::new(),
        share: None,
        parameter: None,
        attest: None,
        variable: at.variable,
        prune: None,
        warnings: at.warnings,
        status: at.status.map(Box::new),
        seconds: at.seconds,
        error: at.error,
    }
}
