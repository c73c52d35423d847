//! Local archives in use: each looked at, read and packed once however many jobs share it, and let go after the last of
//! them.

use std::sync::{Arc, OnceLock};
use std::thread::available_parallelism;

use tokio::sync::{OnceCell, Semaphore};
use tokio::task::spawn_blocking;

use super::archive_checks::{invalid, not_packed, unopened, unread};
use super::shelves::Shelves;
use crate::archive::{
    Digests, Inspection, Local, LocalZip, PackError, ReadAt as _, Stretch, Tree, TreeDigest, inspect_within, pack,
};
use crate::aws::part_size;
use crate::halt::Halt;
use crate::layer::Sha256;
use crate::outcome::{ErrorCode, JobError};
use crate::plan::{Job, LocalPath};

/// How much of each zip a check unzips, in bytes: a few milliseconds. Who stages it reads all of it anyway, for its digest.
const GLANCE: u64 = 1024 * 1024;

/// The local archives of a run.
#[derive(Debug)]
pub struct Archives {
    shelves: Shelves<LocalArchive>,
    /// Each packing uses all cores, and memory of its own.
    packings: Arc<Semaphore>,
}

impl Archives {
    /// Room for the archives of these jobs.
    pub fn of<'a>(jobs: impl IntoIterator<Item = &'a Arc<Job>>) -> Self {
        let archives = jobs.into_iter().filter_map(|job| job.archive.as_ref());
        let cores = available_parallelism().map_or(1, usize::from);
        let packings = Arc::new(Semaphore::new(cores));
        Self { shelves: Shelves::of(archives.map(|archive| archive.path.as_path())), packings }
    }

    /// The archive of a job, looked at when it is first asked for.
    pub async fn get(&self, job: &Job) -> Result<Arc<LocalArchive>, JobError> {
        let archive = declared(job)?;
        let look = async {
            let (path, layer, packings) = (archive.clone(), job.layer.clone(), Arc::clone(&self.packings));
            let halt = Halt::default();
            let _halted_when_dropped = halt.on_drop();
            in_background(move || look(&path, &layer, packings, (u64::MAX, &halt))).await
        };
        self.shelves.get(&archive.path, look).await
    }

    /// The same on a thread that may wait, for a check, which unzips no zip as a whole; what is found where nobody waits any more
    /// may be a part.
    pub fn get_now(&self, job: &Job, halt: &Halt) -> Result<Arc<LocalArchive>, JobError> {
        let archive = declared(job)?;
        self.shelves.get_now(&archive.path, || look(archive, &job.layer, Arc::clone(&self.packings), (GLANCE, halt)))
    }

    /// A job has ended.
    pub async fn release(&self, job: &Job) {
        if let Some(archive) = &job.archive {
            self.shelves.release(&archive.path).await;
        }
    }

    /// The same on a thread that may wait.
    pub fn release_now(&self, job: &Job) {
        if let Some(archive) = &job.archive {
            self.shelves.release_now(&archive.path);
        }
    }
}

fn declared(job: &Job) -> Result<&LocalPath, JobError> {
    job.archive.as_ref().ok_or_else(|| {
        JobError::new(ErrorCode::ArchiveMissing, format!("layer `{}` has no `archive` to stage", job.layer))
            .hint("set `archive` in the layers file: the layer zip, or the folder it is made from")
    })
}

/// Blocking: what lies there; of a zip so many bytes are unzipped.
fn look(
    archive: &LocalPath,
    layer: &str,
    packings: Arc<Semaphore>,
    (work, halt): (u64, &Halt),
) -> Result<LocalArchive, JobError> {
    let (content, inspection) = match Local::open(&archive.path).map_err(|error| unopened(archive, layer, &error))? {
        Local::Folder => {
            let tree = Tree::read(&archive.path, halt).map_err(|error| not_packed(archive, &error))?;
            let inspection = tree.inspection(halt);
            (Form::Folder(Arc::new(tree)), inspection)
        }
        Local::Zip(zip) => {
            let inspection = inspect_within(&zip.until(halt), work);
            let inspection =
                inspection.map_err(|error| invalid(error, &archive.shown, |error| unread(archive, &error)))?;
            (Form::Zip(zip), inspection)
        }
    };
    let (digest, sha256, zip) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
    let (path, inspection, opens) = (archive.clone(), Arc::new(inspection), OnceLock::new());
    Ok(LocalArchive { path, content, inspection, opens, digest, sha256, zip, packings })
}

/// A local archive: a zip, or the folder that one is made of where it is needed.
#[derive(Debug)]
pub struct LocalArchive {
    path: LocalPath,
    content: Form,
    /// What the zip says of itself, or would.
    pub inspection: Arc<Inspection>,
    opens: OnceLock<Result<(), JobError>>,
    digest: OnceCell<TreeDigest>,
    sha256: OnceCell<Sha256>,
    zip: OnceCell<Zipped>,
    packings: Arc<Semaphore>,
}

#[derive(Debug)]
enum Form {
    Folder(Arc<Tree>),
    Zip(LocalZip),
}

/// A zip that is ready to be uploaded.
#[derive(Debug)]
pub struct Zipped {
    /// An open file. The zip that was made of a folder has no name on disk, so nothing is left behind however the process
    /// ends.
    pub zip: LocalZip,
    /// Its digest.
    pub sha256: Sha256,
    /// The parts that it is sent in, with the digests that they had when the whole had its own.
    pub parts: Vec<Stretch>,
    /// The digest of the folder that it was made of.
    pub tree: Option<TreeDigest>,
}

impl LocalArchive {
    /// Whether all of it can be opened, as it is for staging; a zip is open already. It blocks, once however many jobs share it.
    pub fn check_opens(&self, halt: &Halt) -> Result<(), JobError> {
        let Form::Folder(tree) = &self.content else { return Ok(()) };
        let opens = || tree.open_all(halt).map_err(|error| not_packed(&self.path, &error));
        self.opens.get_or_init(opens).clone()
    }

    /// The digest of the folder's tree, for which its files are read; `None` for a zip.
    pub async fn tree_digest(&self) -> Result<Option<TreeDigest>, JobError> {
        let Form::Folder(tree) = &self.content else { return Ok(None) };
        let digest = self.digest.get_or_try_init(async || {
            let (tree, path, halt) = (Arc::clone(tree), self.path.clone(), Halt::default());
            let _halted_when_dropped = halt.on_drop();
            in_background(move || tree.digest(&halt).map_err(|error| not_packed(&path, &error))).await
        });
        digest.await.copied().map(Some)
    }

    /// The digest of the zip, where it may turn out that it need not be sent: then its parts are not digested.
    pub async fn sha256(&self) -> Result<Sha256, JobError> {
        let (Form::Zip(zip), None) = (&self.content, self.zip.get()) else { return Ok(self.zipped().await?.sha256) };
        let digest = self.sha256.get_or_try_init(async || {
            let _turn = self.packings.acquire().await;
            digested(zip.clone(), None, self.path.clone()).await.map(|digests| digests.whole)
        });
        digest.await.copied()
    }

    /// The zip, read or packed when it is first asked for.
    pub async fn zipped(&self) -> Result<&Zipped, JobError> {
        self.zip
            .get_or_try_init(async || {
                let _turn = self.packings.acquire().await;
                let path = self.path.clone();
                match &self.content {
                    Form::Zip(zip) => {
                        let Digests { whole, parts } = digested(zip.clone(), part_size(zip.size()), path).await?;
                        Ok(Zipped { zip: zip.clone(), sha256: whole, parts, tree: None })
                    }
                    Form::Folder(tree) => packed(Arc::clone(tree), path).await,
                }
            })
            .await
    }
}

async fn digested(zip: LocalZip, part: Option<u64>, path: LocalPath) -> Result<Digests, JobError> {
    let halt = Halt::default();
    let _halted_when_dropped = halt.on_drop();
    in_background(move || zip.digests(part, &halt).map_err(|error| unread(&path, &error))).await
}

async fn packed(tree: Arc<Tree>, path: LocalPath) -> Result<Zipped, JobError> {
    let halt = Halt::default();
    let _halted_when_dropped = halt.on_drop();
    let done = in_background(move || {
        let unpacked = |error| not_packed(&path, &error);
        let file = tempfile::tempfile().map_err(|error| unpacked(PackError::Write(error)))?;
        let packed = pack(&tree, &file, &halt).map_err(unpacked)?;
        tracing::debug!(archive = path.shown, size = packed.size, "packed");
        let zip = LocalZip::new(file, packed.size);
        let parts = |part| zip.parts(part, &halt).map_err(|error| unpacked(PackError::Write(error)));
        let parts = part_size(packed.size).map(parts).transpose()?.unwrap_or_default();
        Ok(Zipped { zip, sha256: Sha256::from_bytes(packed.sha256), parts, tree: Some(packed.tree) })
    });
    done.await
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, JobError> + Send + 'static,
) -> Result<T, JobError> {
    let done = spawn_blocking(work).await;
    done.map_err(|error| JobError::new(ErrorCode::Internal, "packing failed unexpectedly").cause(error.to_string()))?
}
