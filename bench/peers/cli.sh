#!/bin/sh
# One layer with the AWS CLI, as release scripts do it: cli.sh BUCKET LAYER, for `xargs -P`.
bucket=$1
layer=$2
staged=layers/$layer/layer/layer.zip
old=$layer/.backup

failed() {
    echo "failed $layer: $1"
    exit 0
}

backup_of() {
    printf 'layers/%s/layer/%06d/requirements.txt' "$layer" "$1"
}

found=$(aws s3api head-object --bucket "$bucket" --key "$staged" --query Metadata.manifest_md5 --output text) ||
    failed 'nothing is staged'
md5=$(md5sum <"$layer/requirements.txt" | cut -d' ' -f1)
[ "$found" = "$md5" ] || failed 'the staged archive belongs to another manifest'

latest=$(aws lambda list-layer-versions --layer-name "$layer" --query 'max(LayerVersions[].Version)' --output text) ||
    failed 'cannot list versions'
if [ "$latest" != None ] &&
    aws s3api get-object --bucket "$bucket" --key "$(backup_of "$latest")" "$old" >/dev/null &&
    cmp -s "$old" "$layer/requirements.txt"; then
    echo "unchanged $layer"
    exit 0
fi

version=$(aws lambda publish-layer-version --layer-name "$layer" --content "S3Bucket=$bucket,S3Key=$staged" \
    --compatible-runtimes python3.12 --query Version --output text) || failed 'cannot publish'
aws s3api put-object --bucket "$bucket" --key "$(backup_of "$version")" --body "$layer/requirements.txt" \
    --content-type text/plain >/dev/null || failed 'cannot write the backup'
echo "published $layer"
