//! The edge to AWS. Nothing outside this module names a type of the SDK: calls take and return words of
//! [`crate::layer`], and every failure is distilled into a [`crate::outcome::JobError`] here.

mod answer;
mod attestation;
mod backup;
mod body;
mod bounds;
mod bucket_facts;
mod buckets;
mod call;
mod catalogue;
mod clock;
mod credentials;
mod download;
mod failure;
mod functions;
mod grants;
#[cfg(test)]
mod hostile;
mod identity;
mod in_use;
mod included;
mod intact;
mod kept;
mod lambda;
mod last;
mod lock_object;
mod multipart;
mod newest;
mod old_versions;
mod owners;
mod pace;
mod parameters;
mod patience;
mod policy;
mod progress;
mod publish;
mod refusal;
mod region;
mod s3;
mod session;
mod staging;
mod trace;
mod under_way;
mod upload;
mod wording;
mod zip;

pub use backup::{Backup, BackupRead, BackupWrite, NewBackup};
pub use buckets::PolicyRead;
pub use download::Archive;
pub use functions::Changed;
pub use kept::{Keep, Kept, unversioned};
pub use lambda::Lambda;
pub use lock_object::LockWrite;
pub use newest::Newest;
pub use pace::{Turn, Urgency};
pub use parameters::{Parameter, Written};
pub use patience::{Watch, watched};
pub use progress::Tell;
pub use publish::{NeverSent, NewVersion, Sent};
pub use region::ambient_region;
pub use s3::Staged;
pub use session::{ConnectOptions, Endpoint, Session, Sessions, Wanted, connect};
pub use staging::part_size;
pub use upload::Upload;
pub use zip::StagedZip;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use aws_sdk_lambda::types;

    use crate::layer::{Architecture, KNOWN_RUNTIMES};

    #[test]
    fn the_runtimes_and_architectures_known_here_are_those_of_the_sdk() {
        let set = |names: &[&'static str]| names.iter().copied().collect::<BTreeSet<_>>();
        assert_eq!(set(KNOWN_RUNTIMES), set(types::Runtime::values()));
        assert_eq!(set(&Architecture::KNOWN), set(types::Architecture::values()));
    }
}
