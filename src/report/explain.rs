//! What each code of an error or a warning means, and what to do: `layership explain CODE` and `docs/errors.md`.

mod layers_file;
mod list;
mod status;

use crate::outcome::{ErrorCode, StatusCode};
use crate::report::Shown;
use crate::shown;
pub use list::list;

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What happened, and what usually is the cause.
    pub cause: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

/// Codes that only warnings and advice have, and findings in manifests and archives.
const WARNINGS: &[(&str, Explanation)] = &[
    (
        "archive-layout",
        Explanation {
            cause: "Nothing at the root of the zip is a folder that Lambda puts on a search path of the declared runtimes, so functions will not find what is in it; or packages lie only where a declared runtime does not look: in `python/lib/python3.11/site-packages/` of a layer for python3.12, in `nodejs/node20/node_modules/` of one for nodejs22.x, in `python/site-packages/`, in `python/lib64/` alone, in the `python/NAME-VERSION.data/purelib/` of a wheel that was unzipped and not installed, or at the root beside `bin/` or in `lib/python3.12/site-packages/`. The usual mistake is a zip whose packages lie at its root.",
            remedy: "Put the packages into `python/`, `nodejs/node_modules/`, `java/lib/`, `ruby/gems/`, `bin/` or `lib/`. `allow = [\"archive-layout\"]` accepts it; `--strict` makes an error of this warning.",
        },
    ),
    (
        "build-undeclared",
        Explanation {
            cause: "The layer is among those that are to be built, but it has no `build`.",
            remedy: "Add `build` to the layer in the layers file, or build it by other means before it is staged: `allow = [\"build-undeclared\"]` says that this is so.",
        },
    ),
    (
        "archive-path",
        Explanation {
            cause: "A path in the zip is absolute, has `..` in it, or goes on behind a file of the zip, or has a second path (the Unicode path of Info-ZIP) that differs: it would be unzipped elsewhere, or not at all. A path with `\\` in it is a warning: only elsewhere is that a step into a folder. A job that meets it fails with `archive-invalid`.",
            remedy: "Build the zip again, from its root. `allow = [\"archive-path\"]` accepts it.",
        },
    ),
    (
        "archive-link",
        Explanation {
            cause: "A link in the archive, a zip or a folder, leads out of the layer, by itself or through other links of it, to an absolute place outside of `/opt`, where the layer is, or in a circle: below `/opt` it points to something that is not there, or that belongs to the function's environment. A job that meets it fails with `archive-invalid`. Of a zip in S3 that something else staged, links are read with 16 requests at most, of 4 MiB each; links beyond that are told with a warning.",
            remedy: "Build the layer again with files in place of such links. `allow = [\"archive-link\"]` accepts them, for what is meant to be in the function's environment (`/var/task/…`): a folder is packed with the link as it is, and never with what it leads to on this machine.",
        },
    ),
    (
        "archive-entry",
        Explanation {
            cause: "An entry of the zip is encrypted, a pipe, a socket or a device, compressed in another way than stored or deflated, or not what the table of contents says of it: Lambda does not unzip it, or unzips something else than what was checked. Sizes that deflate cannot have are found of every entry; another name, size or sum of all entries of a zip that is staged from this machine, of up to a megabyte of them where `check` looks at it, and of those in the last megabyte of a zip in S3. A job that meets it fails with `archive-invalid`.",
            remedy: "Build the zip again with another tool. `allow = [\"archive-entry\"]` accepts it.",
        },
    ),
    (
        "archive-mode",
        Explanation {
            cause: "The zip gives a file or a folder a mode with which only its owner may read it, or its group: functions run as another user, and fail with `Permission denied`. `zipfile.writestr` of Python makes such entries, and so does a `umask` of 077. Or a file that Lambda starts (`bootstrap`, and what lies in `extensions/`) is not executable: zips made on Windows tell no modes. Where a zip tells none, files can be read.",
            remedy: "Run `chmod -R a+rX` before the layer is zipped, and `chmod +x` on what is started; `ZipFile.write` and `shutil.make_archive` keep modes. A folder as `archive` is packed with modes that all may read. `allow = [\"archive-mode\"]` accepts it; `--strict` makes an error of this warning.",
        },
    ),
    (
        "archive-duplicate",
        Explanation {
            cause: "Two entries of the zip have one path: which of them counts is up to who unzips it.",
            remedy: "Build the zip again. `allow = [\"archive-duplicate\"]` accepts it; `--strict` makes an error of this warning.",
        },
    ),
    (
        "archive-python",
        Explanation {
            cause: "Extension modules carry the Python in their name that they were built for (`cpython-312`), and the archive has some, but none for one of the layer's runtimes; or a module of it is for none of them beside others that are right. That Python does not find them: packages fail to import there, or run slower.",
            remedy: "Build the layer on that runtime, or for it (`pip install --python-version`), or declare only the runtimes that it was built for. `allow = [\"archive-python\"]` accepts it; `--strict` makes an error of this warning.",
        },
    ),
    (
        "archive-architecture",
        Explanation {
            cause: "Native libraries say which machine they were built for, extension modules of Python in their name (`x86_64`, `aarch64`), all others in their header, as do programs in `bin/` and `extensions/`, and the archive has some, but none for one of the layer's architectures (or for no machine of Lambda's, where it declares none: built on a Mac, they are for macOS); or the name of one says something else than its header; or a package of Python has modules for another architecture only, beside others that are right: it was built twice, into one folder. Functions of that architecture cannot load them. Where the layer declares both, a package for one of them is told with `-v` only. Of a zip in S3 that something else staged, three libraries are read at most, besides those in its last megabyte.",
            remedy: "Build the layer on that architecture, or for it (`pip install --platform manylinux2014_x86_64`, or `manylinux2014_aarch64` for arm64), or declare only the architectures that it was built for. `allow = [\"archive-architecture\"]` accepts it; `--strict` makes an error of this warning.",
        },
    ),
    (
        "archive-ballast",
        Explanation {
            cause: "The archive carries more than a megabyte that functions hardly need: packages that Lambda's Python brings (boto3), or bytecode in `__pycache__`, which Python uses only where the times of the sources are those at which it was compiled (a folder that layership packs keeps no times). It counts towards Lambda's limit. It is told with `-v` only.",
            remedy: "Leave it out where the layer is built, for example with `pip install --no-compile`. A version of boto3 that is carried on purpose is a good reason to keep it: `allow = [\"archive-ballast\"]`.",
        },
    ),
    (
        "archive-not-compared",
        Explanation {
            cause: "No package in the archive tells its version, so that it cannot be held against the manifest: many builds leave the metadata out to save space. Or of a zip in S3 that something else staged only some files `package.json` were read: each of them would be a request. It is told with `-v` only.",
            remedy: "Keep the packages' metadata in the archive (`*.dist-info` of Python, `package.json` of Node), if a build from another state of the manifest is to be found. `allow = [\"archive-not-compared\"]` accepts it.",
        },
    ),
    (
        "archive-unpublished",
        Explanation {
            cause: "The archive was staged after the latest version was published, and holds other bytes than that version, but the manifest and the settings are the same: the layer counts as unchanged, and the new bytes stay unpublished.",
            remedy: "`layership publish --force` publishes them once; with `detect = [\"manifest\", \"settings\", \"content\"]` other bytes are a change of their own. Where they do not matter, `allow = [\"archive-unpublished\"]` accepts it; `--strict` makes an error of this warning.",
        },
    ),
    (
        "package-missing",
        Explanation {
            cause: "The manifest names a package that is not in the archive, and that is neither brought by the runtime nor ruled out by a marker for all runtimes and architectures of the layer. Or its metadata say that it was installed as editable (`pip install -e`, `uv sync`): then its code is where it was built, and not in the archive; of the project itself (`-e .`), and of what the manifest does not name, that is told with `-v` only. Of a zip in S3 that something else staged, three such files (`direct_url.json`) are read at most, besides those in its last megabyte.",
            remedy: "Build the layer again, without `-e` (`uv sync --no-editable`). What is left out on purpose, `allow = [\"package-missing\"]` accepts; `--strict` makes an error of this warning.",
        },
    ),
    (
        "package-not-locked",
        Explanation {
            cause: "The archive holds a package that the manifest does not name. When a new version of it is built in, the manifest stays as it is, and the change is not noticed.",
            remedy: "Lock all that is installed, for example with `uv pip compile` or `pip freeze`. `allow = [\"package-not-locked\"]` accepts it; `--strict` makes an error of this warning.",
        },
    ),
    (
        "manifest-unreadable",
        Explanation {
            cause: "The manifest cannot be read as what its name says. Its bytes still tell whether it changed, but not which dependency did, and an archive cannot be held against it.",
            remedy: "Let its tool write it again; the warning names the line. `allow = [\"manifest-unreadable\"]` accepts it.",
        },
    ),
    (
        "include-unreadable",
        Explanation {
            cause: "A requirements file includes another one (`-r` or `-c`) that is not there, is no regular file, includes itself, is a URL or an absolute path, lies outside of the git checkout, or cannot be read as pip reads it. What it asks for is not known, so changes to it are not noticed.",
            remedy: "Correct the line that the warning names, or lock all in one file, for example with `uv pip compile`. `allow = [\"include-unreadable\"]` accepts it.",
        },
    ),
    (
        "include-not-kept",
        Explanation {
            cause: "A requirements file includes others (`-r` or `-c`). The copy that a publish keeps in S3 holds only the file itself, so a difference cannot name what changed in an included file; and only where the layer has `detect = [\"dependencies\", …]` such a change is a reason to publish.",
            remedy: "Lock all in one file, for example with `uv pip compile`, and name that as the manifest. `allow = [\"include-not-kept\"]` accepts it.",
        },
    ),
    (
        "include-not-noted",
        Explanation {
            cause: "A requirements file includes others (`-r` or `-c`), something is to be published or adopted, and the staged archive does not say which state of those files it was built for: the Python library staged it, or an older layership. Built before one of them changed, it would be published as if it had been built after that.",
            remedy: "Stage it with `layership stage` or `publish --stage`, which note the state; the archive is refused then (`archive-inconsistent`) once they change. `allow = [\"include-not-noted\"]` accepts it; `--strict` makes an error of this warning.",
        },
    ),
    (
        "extra-grant",
        Explanation {
            cause: "Somebody may use the version whom `share` does not name: it was granted by hand or by another tool, or named by `share` before.",
            remedy: "Name them in `share`, or take the grant away with `publish --revoke`; `plan --revoke` says first what would be taken away.",
        },
    ),
    (
        "attest-incomplete",
        Explanation {
            cause: "The layer has `attest`, and its manifest is of a format that is only compared by its bytes, or cannot be read as what its name says: which packages it names is not known. The bill of materials is written without any, and says that its list is not known.",
            remedy: "Name a lock file of a known format as the manifest, or correct the one that cannot be read. `allow = [\"attest-incomplete\"]` accepts it.",
        },
    ),
    (
        "targets-differ",
        Explanation {
            cause: "With `--align`: the latest versions of the layer have different content at its targets, and what is staged there does not bring them together. The same archive would have to be staged at all of them, or the one that another target has published.",
            remedy: "Stage one archive everywhere: `layership publish --align --stage`, for all targets of the layer.",
        },
    ),
    (
        "parameter-newer",
        Explanation {
            cause: "The parameter that is to hold the layer's ARN names a version that is newer than the one of this run, and that Lambda has: another run published meanwhile, or Lambda's list of versions lagged. It was left alone.",
            remedy: "Nothing has to be done. If the newer version is not wanted, delete it, or write the parameter by hand.",
        },
    ),
    (
        "storage-unchecked",
        Explanation {
            cause: "The layer has `storage = \"reference\"`, and the role may not ask whether its bucket keeps versions (`s3:GetBucketVersioning`) or whom its policy lets in (`s3:GetBucketPolicy`). Where Lambda cannot read the layer in its place, the publish is refused, and nothing is published.",
            remedy: "Allow the action that the warning names, or look at the bucket with other credentials.",
        },
    ),
    (
        "lock-not-released",
        Explanation {
            cause: "The work is done, but the layer's lock could not be written afterwards, usually because `s3:PutObject` is not allowed on it. The next run that publishes this layer waits until the lock may be taken over.",
            remedy: "Allow the action that the warning names on the lock that it names.",
        },
    ),
];

/// What an error's code means.
pub const fn of_error(code: ErrorCode) -> Explanation {
    let (cause, remedy) = match code {
        ErrorCode::ManifestMissing => (
            "The manifest of the layer is not there, cannot be read, is not a regular file, is empty, or is larger than any lock file (67 MB).",
            "Correct `manifest` in the layers file, or lock the dependencies so that the file is made.",
        ),
        ErrorCode::ManifestUnpinned => (
            "A line of `requirements.txt`, or of a file that it includes, leaves open what will be installed: no version, a range or a wildcard, a folder that may change, a branch or tag, a URL without a hash, no hash where other lines have one, another index where not every line has a hash. What it stands for may change while the manifest stays as it is, and that is not noticed. It is a warning, and an error where the layer has `unpinned = \"deny\"`.",
            "Pin it, for example with `uv pip compile` or `pip-compile`; `unpinned = \"allow\"` accepts it.",
        ),
        ErrorCode::BuildFailed => (
            "The command of the layer's `build` could not be started, ended with another status than 0, left no archive behind, or changed the manifest that it was to build from.",
            "The end of its output is beneath the error. Mend what it says; `layership build KEY` runs it again, or with `--all` where the manifest did not change.",
        ),
        ErrorCode::ArchiveMissing => (
            "There is no staged archive in S3 for this layer, or no local archive to stage.",
            "Build the layer, then `layership stage`, or `layership publish --stage`.",
        ),
        ErrorCode::ArchiveInconsistent => (
            "The staged archive says that it was built from another state of the manifest than the one at hand, or of a file that the manifest includes (`-r` or `-c`), or does not say what it was built from. Publishing it would keep the wrong manifest beside the version. With `--strict`, also what is the warning `archive-unpublished` otherwise: the staged archive holds other bytes than the latest version, for the same manifest.",
            "Stage again with `layership stage`; if the local archive is older than the manifest, or than a file that it includes, build it again first.",
        ),
        ErrorCode::ArchiveInvalid => (
            "The archive is not a zip that Lambda would take: damaged, empty, with entries or links that lead out of it or that are not what its table of contents says, or, with `--strict`, with what is a warning otherwise: nothing where the declared runtimes search, two entries of one path, native code for another Python or architecture.",
            "Build the zip again; the message names what is wrong with it.",
        ),
        ErrorCode::ArchiveTooLarge => (
            "The archive unzips to more than the 262,144,000 bytes that Lambda accepts for a function with all its layers, or Lambda found it too large.",
            "Leave out packages that the runtime brings (boto3), tests and caches, or split the layer. No `allow` accepts it: Lambda refuses what is larger, and no quota raises that limit.",
        ),
        ErrorCode::ArchiveStale => (
            "A dependency changed (its version, its extras, a patch of it, a marker or group that kept it out before, or what an included file asks for), but the archive has the very bytes of the latest version: it was not built again. Publishing it would keep the old content under the new manifest, and every later run would call it unchanged. It is only a warning where no changed package belongs into the archive: what the runtime brings (boto3 with what comes with it, `@aws-sdk/…`; unless its folder is there, or nothing else is named), what markers rule out, what is for development; or where in the included files only hashes, bounds (`-c`) or what is not installed there changed, and the archive tells no versions. Where its metadata tell that it holds what the manifest names now, that is only told with `-v`. Yarn, Bundler, Cargo, Go, Poetry before its version 2, PDM without `inherit_metadata`, and workspaces of uv, npm and pnpm, where a layer may be for any project, do not tell that: then a package counts that the archive holds in the version that was locked, and an added one where the archive holds all else; an archive that tells no versions, such as of Go or Rust, is refused whatever changed, unless it is what not all projects of a uv workspace need. What is for an extra, or is optional, counts where the archive holds it, or tells no versions. Of uv, Poetry 2 and PDM, what a group, an extra or a project of a workspace asks for anew counts where the archive holds all else that it asks for, and some of that nobody else does: it was built for it. So does a project of a `uv.lock` whose version changed, where the archive holds it in that which was locked. What cannot be read is a warning that says so. Nor is a version without a backup adopted, where its lock remembers that it was published for another state of the manifest, or where the backup of a manifest of another name pins other versions.",
            "Build the layer from the changed manifest, then `layership stage`, or `layership publish --stage`. Where nothing in the archive had to change, `allow = [\"archive-stale\"]` accepts it.",
        ),
        ErrorCode::ArchiveDiffers => (
            "The archive holds another version of a package than the manifest pins, as the package's own metadata tells (`*.dist-info` of Python, `package.json` of Node below a `package-lock.json`, `*.gemspec` of Ruby): it was built from another state, or something else installed it. Or one folder holds several versions of one package of Python, as `pip install --target` into the folder of an older build leaves them, and the manifest does not allow each; where it does, or does not name the package, that is a warning. With `--strict`, also what are the warnings `package-missing` and `package-not-locked` otherwise. It is checked before a version is adopted, too. A version that is locked for an extra is none of these, and of a manifest with lines that cannot be read the others count. Of a zip in S3 that something else staged, three files `package.json` are read at most, besides those in its last megabyte.",
            "Build the layer from the manifest, then stage it; of several versions, delete the older one's `*.dist-info` with what belongs to it, or the whole folder, and build into an empty one. Where another version is meant, `allow = [\"archive-differs\"]` accepts it.",
        ),
        ErrorCode::SecretInManifest => (
            "The manifest carries a password, a token or a signature: in a URL, as a token alone where a service takes it so (`https://TOKEN@pypi.fury.io/…`), in the value of an option (`--trusted-host user:password@host`, `--config-settings=token=…`), in a setting of npm (`_authToken`, `_auth`, `_password`), in a header (`Authorization: …`) or in a variable (`NPM_TOKEN=…`); or a token of a well-known service stands anywhere in it. The copy of the manifest that a publish keeps in S3 would keep it, too, byte for byte. `${TOKEN}` as the whole of a value, which tools fill in, is none.",
            "Let the tool read it from elsewhere, for example from `PIP_INDEX_URL`, a netrc file or a keyring, and make the credential invalid: it is in the file's history. `allow = [\"secret-in-manifest\"]` accepts it.",
        ),
        ErrorCode::BucketMissing => (
            "The bucket does not exist, or not under the account that the request names.",
            "Create the bucket in the target's Region, or correct `bucket` in the layers file.",
        ),
        ErrorCode::BucketUnversioned => (
            "The layer has `storage = \"reference\"`: Lambda reads it in the bucket, in one version of the object. The bucket keeps no versions, or does not keep them any more.",
            "Turn versioning on for the bucket and stage again, or set `storage = \"copy\"`.",
        ),
        ErrorCode::BucketPolicy => (
            "The layer has `storage = \"reference\"`: Lambda reads it in the bucket, as the service `lambda.amazonaws.com`. The bucket has no policy, or its policy does not allow that service `s3:GetObject` and `s3:GetObjectVersion` on what is kept there, or denies it. Conditions of statements are not looked into.",
            "Add a statement that allows it: docs/storage.md has one. Or set `storage = \"copy\"`.",
        ),
        ErrorCode::StorageClass => (
            "The layer has `storage = \"reference\"`, and the archive is in one of S3's Glacier storage classes, from which Lambda does not read: a lifecycle rule moved it there.",
            "Copy the object to another class, and leave what lies below the layer's prefix out of such rules.",
        ),
        ErrorCode::WrongRegion => (
            "The bucket lies in another Region than the target. Lambda reads a layer's zip only from its own Region.",
            "Use a bucket for each Region: `bucket = \"acme-artifacts-{region}\"`.",
        ),
        ErrorCode::AccessDenied => (
            "AWS refused a call because a permission is missing. The message names the action and the resource.",
            "Allow the action for the role or user; docs/operations.md lists all that layership needs.",
        ),
        ErrorCode::Credentials => (
            "There are no AWS credentials for the target, or they were not accepted: expired, misspelt, or of a profile that does not exist.",
            "Set `AWS_PROFILE` or the keys, log in with `aws sso login`, or correct the target's `profile` and `role-arn`.",
        ),
        ErrorCode::WrongAccount => (
            "The credentials belong to another account than the target declares. Nothing was written.",
            "Use credentials of the declared account, or correct the target's `account`.",
        ),
        ErrorCode::Throttled => (
            "Lambda or S3 kept throttling. Lambda allows 15 control-plane requests a second for all tools of an account in a Region.",
            "Run again when other tools are quiet, or lower `lambda-requests-per-second`; where it is S3, `concurrency`.",
        ),
        ErrorCode::Locked => (
            "Another run holds the layer's lock and did not free it in time, or something at the lock's key is not a lock. The message names the run and its machine.",
            "Wait for the other run and run again; `--lock-wait-seconds` waits longer.",
        ),
        ErrorCode::Timeout => (
            "A call to AWS did not end within its deadline.",
            "Run again; `--request-timeout-seconds` raises the deadline.",
        ),
        ErrorCode::Network => (
            "AWS could not be reached, the connection broke, or what answered was not AWS.",
            "Check the network, proxies and `AWS_ENDPOINT_URL`, then run again.",
        ),
        ErrorCode::Unconfirmed => (
            "A publish was sent, and it could not be found out within the run whether it took effect.",
            "Run the same command again: it finds the version and finishes, without a second one.",
        ),
        ErrorCode::CodeStorageExceeded => (
            "The account's quota for code storage in this Region is used up by versions of layers and functions.",
            "Delete versions that no function uses (`layership prune`), or ask AWS for a larger quota.",
        ),
        ErrorCode::BackupFailed => (
            "A version was published, but the copy of its manifest could not be written to S3. The report has the version's ARN.",
            "Fix what the causes name and run again: the version is adopted and its backup written.",
        ),
        ErrorCode::ShareFailed => (
            "The version to use is there, but somebody whom `share` names could not be let in, or with `--revoke` somebody else not be shut out. The report has the version's ARN.",
            "Mend what the causes name, often a missing `lambda:AddLayerVersionPermission`, and run the same command again: it does what is left.",
        ),
        ErrorCode::ParameterFailed => (
            "The version to use is there, but the parameter that `parameter` names could not be read or written, or holds something else than an ARN of this layer: a `SecureString`, a list, the ARN of another layer, another text. What somebody else put there is never overwritten. In a plan nothing was published yet.",
            "Mend what the causes name, often a missing `ssm:GetParameters` or `ssm:PutParameter`, or choose another name, and run the same command again: it does what is left.",
        ),
        ErrorCode::AttestFailed => (
            "The version to use is there, but its bill of materials and the statement of its provenance could not be made or written, beside its backup in S3 or below `--attest-dir`. It was neither shared nor written to a parameter by this run.",
            "Mend what the causes name, often a missing `s3:PutObject`, and run the same command again: it does what is left.",
        ),
        ErrorCode::SettingsRefused => (
            "Lambda refuses a runtime or an architecture of the layer.",
            "Correct `compatible-runtimes` or `compatible-architectures`; the causes list what Lambda knows.",
        ),
        ErrorCode::ContentMismatch => (
            "What S3 or Lambda has are not the bytes that were checked or sent: the staged archive was replaced in between, the local one was written to while it was sent, or other bytes lie where a layer with `storage = \"reference\"` is kept.",
            "Make sure that nothing writes to the archive and that one run at a time stages this layer, and run again. What lies where a layer is kept is never overwritten: move it away.",
        ),
        ErrorCode::PlanStale => (
            "`publish --plan` was to carry out a saved plan, and this job is not as it was when the plan was made: the causes say what differs. Nothing was done to it.",
            "Make the plan again with `layership plan --out FILE`, look at what differs, and carry that one out.",
        ),
        ErrorCode::FunctionRefused => (
            "Lambda refuses the layers that a function was to use: all of them with its own code are larger than 262,144,000 bytes unzipped, one of them was deleted, or the account may not use it. The causes say which. Nothing was changed.",
            "Leave the function out with `--function`, make the layer smaller, or give the function another version of the layer that Lambda names.",
        ),
        ErrorCode::UpdateFailed => (
            "Lambda accepted the new layers of a function, and could not make them work (`LastUpdateStatus` is `Failed`); the causes have Lambda's reason. The function goes on answering as it did before, but what it is set to is the new state. The run that set them began no further function; later runs with `--apply` tell it again, and go on with the others.",
            "Mend what the reason names; `layership rollout --undo FILE` puts back what was there before.",
        ),
        ErrorCode::FunctionBusy => (
            "Another change of the function was under way and did not end within five minutes.",
            "Wait for the other tool and run the same command again: it does what is left.",
        ),
        ErrorCode::FunctionChanged => (
            "Somebody else changed the function or its alias again and again while it was to be changed, or deleted it.",
            "Find out which tool it is, and run the same command again: it does what is left.",
        ),
        ErrorCode::WriteFailed => (
            "The zip that is made of a folder could not be written to the folder for temporary files: its disk is full, a quota or a limit of file sizes is used up, or it may not be written to. The cause says which.",
            "Free space there, or set `TMPDIR` to a folder that has room for the zip and may be written to, then run the same command again.",
        ),
        ErrorCode::Internal => (
            "The service failed inside (HTTP 5xx), an answer was not what anybody expected, or layership has a defect.",
            "Run again; if it happens again and the service is healthy, report it with what `-vv` shows.",
        ),
    };
    Explanation { cause, remedy }
}

/// Every code with its meaning, errors first.
pub fn all() -> impl Iterator<Item = (String, Explanation)> {
    let errors = ErrorCode::ALL.iter().map(|code| (code.to_string(), of_error(*code)));
    let findings = <StatusCode as strum::VariantArray>::VARIANTS.iter();
    let findings = findings.map(|code| (code.to_string(), status::of_finding(*code)));
    let warnings = WARNINGS.iter().chain(layers_file::WARNINGS);
    errors.chain(warnings.map(|(code, explanation)| ((*code).to_owned(), *explanation))).chain(findings)
}

/// The entry of one code, for a terminal; `None` if there is no such code.
pub fn entry(code: &str) -> Option<Shown> {
    let (code, Explanation { cause, remedy }) = all().find(|(known, _)| known == code)?;
    Some(shown!("{}\n\n{}\n\n{}\n", code, cause, remedy))
}

/// Every entry, as a page of Markdown.
pub fn page() -> Shown {
    let entries =
        all().map(|(code, Explanation { cause, remedy })| shown!("\n## {}\n\n{}\n\n{}\n", code, cause, remedy));
    let introduction = "# Errors and warnings\n\nThe codes are stable: reports have them, and release jobs match on them. `layership explain CODE` prints an entry.\n";
    Shown::join(std::iter::once(Shown::from(introduction)).chain(entries), "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Check;

    #[test]
    fn every_code_has_one_entry_in_whole_sentences() {
        let mut codes: Vec<String> = all().map(|(code, _)| code).collect();
        assert!(codes.len() >= ErrorCode::ALL.len());
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), all().count());
        for (code, Explanation { cause, remedy }) in all() {
            assert!(cause.ends_with('.') && remedy.ends_with('.'), "{code}");
            assert!(entry(&code).unwrap().starts_with(&code), "{code}");
        }
        assert_eq!(entry("nonsense"), None);
    }

    #[test]
    fn every_check_has_an_entry() {
        for check in <Check as strum::VariantArray>::VARIANTS {
            let how = format!("`allow = [\"{check}\"]`");
            assert!(entry(&check.to_string()).is_some_and(|entry| entry.contains(&how)), "{check} does not say {how}");
        }
    }
}
