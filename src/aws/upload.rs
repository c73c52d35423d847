//! What is uploaded as a staged archive, and what the object says of itself.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_s3::config::Builder;
use aws_sdk_s3::config::timeout::TimeoutConfig;

use super::included;
use super::progress::Tell;
use super::s3::{CHECKED, MANIFEST_MD5, MANIFEST_MD5_HYPHEN, Staged, TREE};
use crate::archive::{LocalZip, Note, ReadAt as _, Stretch, TreeDigest};
use crate::layer::{Md5, Sha256};

/// What every staged archive is.
pub(super) const CONTENT_TYPE: &str = "application/zip";

/// What to upload as a staged archive.
#[derive(Clone)]
pub struct Upload<'a> {
    /// What it, or the folder that it was made of, is called in messages.
    pub path: &'a str,
    /// The local zip.
    pub zip: &'a LocalZip,
    /// Its SHA-256.
    pub sha256: Sha256,
    /// Its parts, of [`part_size`](super::part_size); none if it goes up at once.
    pub parts: &'a [Stretch],
    /// The digest of the folder that it was made of.
    pub tree: Option<TreeDigest>,
    /// MD5 of the manifest it was built from.
    pub manifest_md5: Md5,
    /// A digest of the files that this manifest includes.
    pub includes: Option<Md5>,
    /// That it passed all checks, if it did.
    pub note: Option<Note>,
    /// Is told how many bytes were sent.
    pub tell: Tell,
}

/// What hangs for so long is sent again, as every other call.
pub(super) fn patience(deadline: Duration) -> Builder {
    let timeouts = TimeoutConfig::builder().operation_timeout(deadline * 2).operation_attempt_timeout(deadline).build();
    Builder::new().timeout_config(timeouts)
}

impl Upload<'_> {
    /// What is known of the archive once it is staged, with the SHA-256 that S3 keeps.
    pub(super) fn staged(&self, sha256: Option<Sha256>) -> Staged {
        Staged {
            manifest_md5: Some(self.manifest_md5.to_string()),
            includes: self.includes.map(|includes| includes.to_string()),
            sha256,
            size: self.zip.size(),
            note: self.note,
            tree: self.tree,
            etag: None,
            version_id: None,
            modified: None,
            class: None,
        }
    }

    /// What the object says of itself.
    pub(super) fn metadata(&self) -> HashMap<String, String> {
        let md5 = self.manifest_md5.to_string();
        let note = self.note.map(|note| (CHECKED.to_owned(), note.to_text(self.sha256)));
        let known = [(MANIFEST_MD5.to_owned(), md5.clone()), (MANIFEST_MD5_HYPHEN.to_owned(), md5)];
        let tree = self.tree.map(|tree| (TREE.to_owned(), tree.to_note(self.sha256)));
        let includes = self.includes.map(|includes| (included::INCLUDES.to_owned(), included::note(includes)));
        known.into_iter().chain(note).chain(tree).chain(includes).collect()
    }
}
