#!/usr/bin/env bash
# Puts a released layership on the PATH of a job of GitHub Actions: the archive of this machine's platform, held against
# the attestation of the workflow that built it. One that is on the PATH already, in that version, is left as it is.
#
#   packaging/install.sh 0.1.0
set -euo pipefail

version=$1
repository=layership/layership

if [ "$(layership --version 2>/dev/null || true)" = "layership $version" ]; then
    echo "layership $version is there already"
    exit 0
fi

case "$(uname -s) $(uname -m)" in
    "Linux x86_64") target=x86_64-unknown-linux-musl ;;
    "Linux aarch64") target=aarch64-unknown-linux-musl ;;
    "Darwin x86_64") target=x86_64-apple-darwin ;;
    "Darwin arm64") target=aarch64-apple-darwin ;;
    MINGW*x86_64 | MSYS*x86_64) target=x86_64-pc-windows-msvc ;;
    *)
        echo "error: there is no binary of layership for $(uname -s) on $(uname -m)" >&2
        echo "hint: put one that was built from source on the PATH before this step" >&2
        exit 1
        ;;
esac
case "$target" in *windows*) archive=layership-$target.zip ;; *) archive=layership-$target.tar.gz ;; esac

folder=$RUNNER_TEMP/layership-$version
mkdir -p "$folder"
cd "$folder"
gh release download "v$version" --repo "$repository" --pattern "$archive" --clobber
# By that workflow, from that tag: neither another workflow's file nor an older release's.
gh attestation verify "$archive" --repo "$repository" \
    --signer-workflow "$repository/.github/workflows/release.yml" --source-ref "refs/tags/v$version"
case "$archive" in *.zip) unzip -q -o "$archive" ;; *) tar -xzf "$archive" ;; esac
installed=$("$folder/layership-$target/layership" --version)
if [ "$installed" != "layership $version" ]; then
    echo "error: the archive of version $version has another one in it: $installed" >&2
    exit 1
fi
echo "$folder/layership-$target" >> "$GITHUB_PATH"
echo "$installed"
