//! The newest backup of a layer, as a listing of its backups names it: no call of Lambda, and of a manifest that did not
//! change no byte is read.

use std::collections::BTreeMap;

use aws_sdk_s3::types::Object;
use jiff::Timestamp;

use super::bounds::broken;
use super::failure::Failure;
use super::s3::S3;
use crate::layer::{Md5, S3Location, version_of_backup};
use crate::outcome::{ErrorCode, JobError};

/// Most pages of a thousand objects that are read.
const MOST_PAGES: usize = 50;

/// What a listing says of the backups of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Newest {
    /// There are none.
    None,
    /// The highest version that has one.
    Of {
        /// Its number.
        version: u64,
        /// The entity tag of the backup of the manifest that was asked about; `None` if only another manifest has one.
        etag: Option<String>,
    },
    /// The credentials may not list the bucket, or there are too many objects: Lambda has to be asked.
    Untold,
}

impl Newest {
    /// Whether the backup has this MD5: an object that was uploaded in one part has it as its entity tag.
    pub fn is(&self, md5: Md5) -> bool {
        matches!(self, Self::Of { etag: Some(etag), .. } if etag.trim_matches('"') == md5.to_string())
    }

    fn see(self, version: u64, name: &str, wanted: &str, etag: Option<&str>) -> Self {
        let of_wanted = || etag.filter(|_| name == wanted).map(str::to_owned);
        match self {
            Self::Of { version: highest, .. } if highest > version => self,
            Self::Of { version: highest, etag: Some(known) } if highest == version => {
                Self::Of { version, etag: of_wanted().or(Some(known)) }
            }
            _ => Self::Of { version, etag: of_wanted() },
        }
    }
}

impl S3 {
    /// The newest backup below a prefix, and whether it is one of the manifest with this file name.
    ///
    /// # Errors
    /// Whatever the service refuses, except permission to list.
    pub async fn newest_backup(&self, prefix: &S3Location, manifest: &str) -> Result<Newest, JobError> {
        let mut newest = Newest::None;
        let listed = self.each_below(prefix, |object, within| {
            if let Some((version, name)) = version_of_backup(within) {
                let before = std::mem::replace(&mut newest, Newest::None);
                newest = before.see(version, name, manifest, object.e_tag());
            }
        });
        match listed.await {
            Ok(true) => Ok(newest),
            Ok(false) => Ok(Newest::Untold),
            Err(denied) if denied.code == ErrorCode::AccessDenied => {
                tracing::debug!(error = %denied, "the newest version is asked of Lambda");
                Ok(Newest::Untold)
            }
            Err(other) => Err(other),
        }
    }

    /// The versions that have a backup of the manifest with this file name, and when it was written.
    ///
    /// # Errors
    /// Whatever the service refuses, and more objects than are read.
    pub async fn backed_up(
        &self,
        prefix: &S3Location,
        manifest: &str,
    ) -> Result<BTreeMap<u64, Option<Timestamp>>, JobError> {
        let mut versions = BTreeMap::new();
        let listed = self.each_below(prefix, |object, within| {
            let written = || object.last_modified().and_then(|time| Timestamp::from_second(time.secs()).ok());
            let of_manifest = version_of_backup(within).filter(|(_, name)| *name == manifest);
            versions.extend(of_manifest.map(|(version, _)| (version, written())));
        });
        match listed.await? {
            true => Ok(versions),
            false => Err(self.too_many(prefix)),
        }
    }

    /// The objects whose keys have one name more than this one.
    ///
    /// # Errors
    /// Whatever the service refuses, and more objects than are read.
    pub async fn directly_below(&self, prefix: &S3Location) -> Result<Vec<S3Location>, JobError> {
        let mut found = Vec::new();
        let listed = self.each_below(prefix, |_, within| {
            let is_direct = !within.is_empty() && !within.contains('/');
            found.extend(is_direct.then(|| prefix.sibling(format!("{}/{within}", prefix.key))));
        });
        match listed.await? {
            true => Ok(found),
            false => Err(self.too_many(prefix)),
        }
    }

    /// What is told where a listing has no end within bounds.
    pub(super) fn too_many(&self, prefix: &S3Location) -> JobError {
        broken(&self.call("s3:ListBucket", prefix), &"there are too many objects below it")
    }

    /// Every object below a prefix, with what its key says behind it; whether these were all.
    pub(super) async fn each_below(
        &self,
        prefix: &S3Location,
        mut see: impl FnMut(&Object, &str),
    ) -> Result<bool, JobError> {
        let below = format!("{}/", prefix.key);
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let request = self.client().list_objects_v2().bucket(&prefix.bucket).prefix(&below);
            let page = request.set_continuation_token(token.clone()).send().await;
            let call = || self.call("s3:ListBucket", prefix);
            let page = page.map_err(|error| Failure::of(&error).into_error(&call()))?;
            for object in page.contents() {
                if let Some(within) = object.key().and_then(|key| key.strip_prefix(&below)) {
                    see(object, within);
                }
            }
            let next = page.next_continuation_token().filter(|next| !next.is_empty()).map(str::to_owned);
            if next.is_none() {
                return Ok(true);
            }
            if next == token {
                return Err(broken(&call(), &"the same next page again"));
            }
            token = next;
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newest(keys: &[&str]) -> Newest {
        let seen = keys.iter().filter_map(|key| version_of_backup(key));
        seen.fold(Newest::None, |newest, (version, name)| newest.see(version, name, "uv.lock", Some("\"e\"")))
    }

    #[test]
    fn the_highest_version_counts_whatever_its_manifest_is_called() {
        let of = |version, etag: Option<&str>| Newest::Of { version, etag: etag.map(str::to_owned) };
        assert_eq!(newest(&["000001/uv.lock", "000010/uv.lock", "000009/uv.lock"]), of(10, Some("\"e\"")));
        assert_eq!(newest(&["999999/uv.lock", "1234567/uv.lock"]), of(1_234_567, Some("\"e\"")));
        assert_eq!(newest(&["000001/uv.lock", "000002/requirements.txt"]), of(2, None));
        assert_eq!(newest(&["000002/sbom.json", "000002/uv.lock"]), of(2, Some("\"e\"")));
        assert_eq!(newest(&["000002/uv.lock", "000002/z.json"]), of(2, Some("\"e\"")));
        assert_eq!(
            newest(&["layer.zip", "publish.lock", "000002/a/uv.lock", "2/uv.lock", "000000/uv.lock"]),
            Newest::None
        );
    }

    #[test]
    fn an_entity_tag_in_quotes_is_the_manifests_md5() {
        let md5 = Md5::of(b"six==1.16.0\n");
        assert!(Newest::Of { version: 1, etag: Some(format!("\"{md5}\"")) }.is(md5));
        assert!(!Newest::Of { version: 1, etag: Some("\"other-2\"".to_owned()) }.is(md5));
        assert!(!Newest::Of { version: 1, etag: None }.is(md5) && !Newest::None.is(md5));
    }
}
