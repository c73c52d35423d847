#!/usr/bin/env python3
"""Exercises the sandbox with boto3 and the AWS CLI, as their users would.

    check_sandbox.py LAYERSHIP [PART-OF-A-NAME…]

Every function whose name starts with `check_` gets a fresh `layership sandbox`, or a folder to start its own in. Some
run at once; a failure is printed with its trace, and ends the script with 1.
"""

import base64
import concurrent.futures
import contextlib
import email.utils
import hashlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request
import zipfile
import zlib

import boto3
import botocore.config
import botocore.exceptions
import botocore.session

BINARY = sys.argv[1]
AWS = os.path.join(os.path.dirname(sys.executable), "aws")
MEBI = 1024 * 1024
# The models of the services, read once for all clients: each is some megabytes of JSON.
MODELS = botocore.session.Session().get_component("data_loader")


class Sandbox:
    """A running sandbox."""

    def __init__(self, directory, *flags):
        self.directory = directory
        self.flags = flags
        self.start()

    def start(self):
        command = [BINARY, "sandbox", "--dir", self.directory, *self.flags]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        lines = [self.process.stdout.readline() for _ in range(5)]
        variables = dict(line.removeprefix("export ").strip().partition("=")[::2] for line in lines)
        assert "AWS_ENDPOINT_URL" in variables, "the sandbox did not start"
        self.endpoint, self.secret = variables["AWS_ENDPOINT_URL"], variables["AWS_SECRET_ACCESS_KEY"]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(timeout=10) == 0

    def client(self, service, region="us-east-1", key="sandbox", secret=None, token=None, retries=1, **settings):
        config = botocore.config.Config(
            retries={"total_max_attempts": retries, "mode": "standard"}, read_timeout=settings.pop("timeout", 20), **settings
        )
        session = botocore.session.Session()
        session.register_component("data_loader", MODELS)
        return boto3.Session(botocore_session=session).client(
            service, region, endpoint_url=self.endpoint, config=config, aws_access_key_id=key,
            aws_secret_access_key=secret or self.secret, aws_session_token=token
        )

    def control(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        headers = {"x-sandbox-secret": self.secret}
        request = urllib.request.Request(f"{self.endpoint}/_sandbox/{path}", method=method, data=data, headers=headers)
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def fault(self, **rule):
        return self.control("POST", "faults", rule)

    def aws(self, *arguments, region="us-east-1", expect=0):
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_PAGER": "",
        }
        result = subprocess.run([AWS, *arguments], env=environment, capture_output=True, text=True)
        assert (result.returncode == 0) == (expect == 0), (arguments, result.returncode, result.stdout, result.stderr)
        return result.stdout if expect == 0 else result.stderr


@contextlib.contextmanager
def refused(code, text="", status=None, **details):
    """The block must end with this error, and these elements in it."""
    try:
        yield
    except botocore.exceptions.ClientError as error:
        answer = error.response
        assert answer["Error"]["Code"] == code, (code, answer)
        assert text in answer["Error"]["Message"], (text, answer)
        if status is not None:
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, (status, answer)
        assert answer["ResponseMetadata"].get("RequestId"), answer
        for name, value in details.items():
            assert answer["Error"].get(name) == value, (name, value, answer)
    else:
        raise AssertionError(f"not refused: {code}")


def layer_zip(files=None):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (files or {"python/module.py": b"x = 1\n"}).items():
            # A time of its own, or two zips of the same files differ where a second passes between them.
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()


def sha256(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def crc32(data):
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def etag(data):
    return f'"{hashlib.md5(data).hexdigest()}"'


# What stays in the bucket


def lambda_reads(bucket, **more):
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["s3:GetObject", "s3:GetObjectVersion"],
        "Resource": f"arn:aws:s3:::{bucket}/*",
        **more,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def check_policies_of_buckets(sandbox):
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="bucket")
    with refused("NoSuchBucketPolicy", "does not exist", status=404, BucketName="bucket"):
        s3.get_bucket_policy(Bucket="bucket")
    with refused("MalformedPolicy", "valid JSON"):
        s3.put_bucket_policy(Bucket="bucket", Policy="nonsense")
    s3.put_bucket_policy(Bucket="bucket", Policy=lambda_reads("bucket"))
    assert json.loads(s3.get_bucket_policy(Bucket="bucket")["Policy"]) == json.loads(lambda_reads("bucket"))
    sandbox.kill()
    sandbox.start()
    s3 = sandbox.client("s3")
    assert "Statement" in s3.get_bucket_policy(Bucket="bucket")["Policy"]
    s3.delete_bucket_policy(Bucket="bucket")
    with refused("NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket="bucket")


def check_storage_classes(sandbox):
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="plain", Body=b"x")
    assert "StorageClass" not in s3.head_object(Bucket="bucket", Key="plain")
    s3.put_object(Bucket="bucket", Key="rare", Body=b"x", StorageClass="STANDARD_IA")
    assert s3.get_object(Bucket="bucket", Key="rare")["StorageClass"] == "STANDARD_IA"
    classes = {one["Key"]: one["StorageClass"] for one in s3.list_objects_v2(Bucket="bucket")["Contents"]}
    assert classes == {"plain": "STANDARD", "rare": "STANDARD_IA"}, classes
    # A copy has the class that is asked for, whatever its source has.
    s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/rare")
    assert "StorageClass" not in s3.head_object(Bucket="bucket", Key="copy")
    s3.copy_object(Bucket="bucket", Key="rare", CopySource="bucket/rare", StorageClass="GLACIER")
    assert s3.head_object(Bucket="bucket", Key="rare")["StorageClass"] == "GLACIER"
    for read in (
        lambda: s3.get_object(Bucket="bucket", Key="rare"),
        lambda: s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/rare"),
    ):
        with refused("InvalidObjectState", "storage class", status=403):
            read()
    upload = s3.create_multipart_upload(Bucket="bucket", Key="parts", StorageClass="GLACIER_IR")["UploadId"]
    part = s3.upload_part(Bucket="bucket", Key="parts", UploadId=upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket="bucket", Key="parts", UploadId=upload, MultipartUpload=parts)
    assert s3.get_object(Bucket="bucket", Key="parts")["StorageClass"] == "GLACIER_IR"
    with refused("InvalidStorageClass", status=400):
        s3.put_object(Bucket="bucket", Key="odd", Body=b"x", StorageClass="ODD")


def check_layers_that_stay_in_the_bucket(sandbox):
    s3, client = sandbox.client("s3"), sandbox.client("lambda")
    s3.create_bucket(Bucket="bucket")
    archive = layer_zip()
    content = {"S3Bucket": "bucket", "S3Key": "layer.zip", "S3ObjectStorageMode": "REFERENCE"}
    # botocore's own model has the mode and the answer, or it would refuse to send the one and drop the other.
    publish = lambda **more: client.publish_layer_version(LayerName="layer", Content={**content, **more})["Content"]
    s3.put_object(Bucket="bucket", Key="layer.zip", Body=archive)
    with refused("InvalidParameterValueException", "versioning"):
        publish()
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="bucket", Key="layer.zip", Body=archive)["VersionId"]
    with refused("InvalidParameterValueException", "AccessDenied"):
        publish()
    for wrong in ({"Action": "s3:GetObject"}, {"Resource": "arn:aws:s3:::bucket/other"}, {"Effect": "Deny"}):
        s3.put_bucket_policy(Bucket="bucket", Policy=lambda_reads("bucket", **wrong))
        with refused("InvalidParameterValueException", "AccessDenied"):
            publish()
    s3.put_bucket_policy(Bucket="bucket", Policy=lambda_reads("bucket"))
    resolved = {"S3Bucket": "bucket", "S3Key": "layer.zip", "S3ObjectVersion": version}
    assert publish()["ResolvedS3Object"] == resolved
    # The version that is named, also where there is a newer one.
    s3.put_object(Bucket="bucket", Key="layer.zip", Body=layer_zip({"python/other.py": b"y = 1\n"}))
    answer = publish(S3ObjectVersion=version)
    assert (answer["ResolvedS3Object"], answer["CodeSha256"]) == (resolved, sha256(archive))
    read = client.get_layer_version(LayerName="layer", VersionNumber=2)["Content"]
    assert read["ResolvedS3Object"] == resolved
    assert urllib.request.urlopen(read["Location"]).read() == archive
    request = urllib.request.Request(read["Location"], headers={"Range": "bytes=2-5"})
    with urllib.request.urlopen(request) as part:
        assert (part.status, part.read()) == (206, archive[2:6])
        assert part.headers["Content-Range"] == f"bytes 2-5/{len(archive)}"
    assert "ResolvedS3Object" not in publish(S3ObjectStorageMode="COPY")
    with refused("ValidationException", "[COPY, REFERENCE]"):
        publish(S3ObjectStorageMode="MOVE")
    with refused("InvalidParameterValueException", "ZipFile"):
        client.publish_layer_version(LayerName="layer", Content={"ZipFile": archive, "S3ObjectStorageMode": "REFERENCE"})
    # What is gone cannot be read, and no function can be given it; a copy is Lambda's own.
    s3.delete_object(Bucket="bucket", Key="layer.zip", VersionId=version)
    with refused("InvalidParameterValueException", "cannot access"):
        make_function(client, Layers=["arn:aws:lambda:us-east-1:123456789012:layer:layer:2"])
    code = layer_zip({"app.py": b"x = 3\n"})
    make_function(client, code=code, Layers=["arn:aws:lambda:us-east-1:123456789012:layer:layer:3"])
    assert urllib.request.urlopen(client.get_function(FunctionName="f")["Code"]["Location"]).read() == code
    try:
        urllib.request.urlopen(read["Location"])
        raise AssertionError("it can still be downloaded")
    except urllib.error.HTTPError as error:
        assert error.code == 404, error


# S3


def check_objects(sandbox):
    s3 = sandbox.client("s3")
    with refused("NoSuchBucket", "The specified bucket does not exist"):
        s3.put_object(Bucket="bucket", Key="key", Body=b"x")
    with refused("404"):
        s3.head_bucket(Bucket="bucket")
    s3.create_bucket(Bucket="bucket")
    assert s3.head_bucket(Bucket="bucket")["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "us-east-1"
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["bucket"]
    assert s3.get_bucket_location(Bucket="bucket")["LocationConstraint"] is None
    assert "Status" not in s3.get_bucket_versioning(Bucket="bucket")

    body = b"hello world"
    answer = s3.put_object(Bucket="bucket", Key="a/b c.txt", Body=body, ContentType="text/plain",
                           Metadata={"manifest_md5": "abc", "other-name": "Zurich"})
    assert answer["ETag"] == etag(body) and "VersionId" not in answer
    found = s3.get_object(Bucket="bucket", Key="a/b c.txt")
    assert found["Body"].read() == body and found["ContentType"] == "text/plain" and found["ContentLength"] == len(body)
    headers = found["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-meta-manifest_md5"] == "abc", headers
    assert found["Metadata"]["manifest_md5"] == "abc"
    assert headers["date"] and headers["last-modified"] and headers["x-amz-request-id"], headers
    assert abs(found["LastModified"].timestamp() - time.time()) < 5
    found = s3.head_object(Bucket="bucket", Key="a/b c.txt")
    assert found["ContentLength"] == len(body) and "ChecksumSHA256" not in found
    for key in ["", "../../etc/passwd", "ü/%20+&=?#", "a//b", "/leading", "trailing/", "." * 5, "k" * 1024]:
        if key:
            s3.put_object(Bucket="bucket", Key=key, Body=key.encode())
            assert s3.get_object(Bucket="bucket", Key=key)["Body"].read() == key.encode(), key
    with refused("KeyTooLongError", status=400):
        s3.put_object(Bucket="bucket", Key="k" * 1025, Body=b"")
    with refused("NoSuchKey", "The specified key does not exist.", 404):
        s3.get_object(Bucket="bucket", Key="missing")
    with refused("404"):
        s3.head_object(Bucket="bucket", Key="missing")
    with refused("BucketNotEmpty", status=409):
        s3.delete_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="empty", Body=b"")
    assert s3.get_object(Bucket="bucket", Key="empty")["Body"].read() == b""
    with refused("MetadataTooLarge"):
        s3.put_object(Bucket="bucket", Key="big", Body=b"", Metadata={"a": "x" * 2100})
    for item in s3.list_objects_v2(Bucket="bucket")["Contents"]:
        s3.delete_object(Bucket="bucket", Key=item["Key"])
    s3.delete_object(Bucket="bucket", Key="never there")
    s3.delete_bucket(Bucket="bucket")
    with refused("404"):
        s3.head_bucket(Bucket="bucket")


def check_ranges_and_conditions(sandbox):
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="bucket")
    for size in [26, 3 * MEBI]:
        body = (b"abcdefghijklmnopqrstuvwxyz" * (size // 26 + 1))[:size]
        s3.put_object(Bucket="bucket", Key="key", Body=body)
        for spec, start, end in [("0-3", 0, 4), ("5-", 5, size), ("-4", size - 4, size), (f"10-{size * 2}", 10, size)]:
            found = s3.get_object(Bucket="bucket", Key="key", Range=f"bytes={spec}")
            assert found["ResponseMetadata"]["HTTPStatusCode"] == 206
            assert found["Body"].read() == body[start:end], spec
            assert found["ContentRange"] == f"bytes {start}-{end - 1}/{size}", found["ContentRange"]
        with refused("InvalidRange", status=416):
            s3.get_object(Bucket="bucket", Key="key", Range=f"bytes={size}-")
    tag = etag(body)
    with refused("304", status=304):
        s3.get_object(Bucket="bucket", Key="key", IfNoneMatch=tag)
    assert s3.get_object(Bucket="bucket", Key="key", IfMatch=tag)["ETag"] == tag
    with refused("PreconditionFailed", status=412):
        s3.get_object(Bucket="bucket", Key="key", IfMatch='"0"')
    with refused("412"):
        s3.head_object(Bucket="bucket", Key="key", IfMatch='"0"')
    with refused("304"):
        s3.get_object(Bucket="bucket", Key="key", IfModifiedSince="2100-01-01")
    # Writes.
    with refused("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412):
        s3.put_object(Bucket="bucket", Key="key", Body=b"", IfNoneMatch="*")
    with refused("NoSuchKey", status=404):
        s3.put_object(Bucket="bucket", Key="other", Body=b"", IfMatch=tag)
    with refused("PreconditionFailed", status=412):
        s3.put_object(Bucket="bucket", Key="key", Body=b"", IfMatch='"0"')
    # One condition, in the form that S3 takes, judged before anything else.
    multiple = {"Header": "If-Match,If-None-Match", "AdditionalMessage": "Multiple conditional request headers present in the request"}
    with refused("NotImplemented", "A header you provided implies functionality", 501, **multiple):
        s3.put_object(Bucket="bucket", Key="new", Body=b"", IfMatch=tag, IfNoneMatch="*")
    for header, condition in [("If-Match", {"IfMatch": "*"}), ("If-None-Match", {"IfNoneMatch": tag})]:
        with refused("NotImplemented", status=501, Header=header):
            s3.put_object(Bucket="bucket", Key="key", Body=b"", **condition)
    with refused("NoSuchKey", status=404, Key="new"):
        s3.put_object(Bucket="bucket", Key="new", Body=b"", IfMatch=tag)
    with refused("PreconditionFailed", status=412, Condition="If-None-Match"):
        s3.put_object(Bucket="bucket", Key="key", Body=b"", IfNoneMatch="*")
    s3.put_object(Bucket="bucket", Key="other", Body=b"1", IfNoneMatch="*")
    s3.put_object(Bucket="bucket", Key="other", Body=b"2", IfMatch=etag(b"1"))
    with refused("PreconditionFailed", status=412):
        s3.delete_object(Bucket="bucket", Key="other", IfMatch=etag(b"1"))
    s3.delete_object(Bucket="bucket", Key="other", IfMatch=etag(b"2"))
    with refused("NoSuchKey"):
        s3.get_object(Bucket="bucket", Key="other")
    # A big body is refused without a reset.
    with refused("PreconditionFailed", status=412):
        s3.put_object(Bucket="bucket", Key="key", Body=b"x" * 5 * MEBI, IfNoneMatch="*")
    with refused("NoSuchBucket"):
        s3.put_object(Bucket="no-such-bucket", Key="key", Body=b"x" * 900_000)

    # Of many writers at once, one wins.
    def write(number):
        try:
            s3.put_object(Bucket="bucket", Key="lock", Body=str(number).encode(), IfNoneMatch="*")
            return number
        except botocore.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "PreconditionFailed", error
            return None

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        winners = [number for number in pool.map(write, range(100)) if number is not None]
    assert len(winners) == 1, winners
    assert s3.get_object(Bucket="bucket", Key="lock")["Body"].read() == str(winners[0]).encode()


def check_bucket_owners(sandbox):
    """Every operation on a bucket and its objects refuses another owner than the one that is expected."""
    s3 = sandbox.client("s3", key="111111111111")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="key", Body=b"x")
    upload = s3.create_multipart_upload(Bucket="bucket", Key="parts")["UploadId"]
    part = {"Bucket": "bucket", "Key": "parts", "UploadId": upload}
    etag_of_part = s3.upload_part(**part, PartNumber=1, Body=b"x")["ETag"]
    one = {"Bucket": "bucket", "Key": "key"}
    operations = [
        (s3.head_bucket, {"Bucket": "bucket"}),
        (s3.get_bucket_location, {"Bucket": "bucket"}),
        (s3.get_bucket_versioning, {"Bucket": "bucket"}),
        (s3.put_bucket_versioning, {"Bucket": "bucket", "VersioningConfiguration": {"Status": "Suspended"}}),
        (s3.list_objects, {"Bucket": "bucket"}),
        (s3.list_objects_v2, {"Bucket": "bucket"}),
        (s3.list_object_versions, {"Bucket": "bucket"}),
        (s3.put_object, {**one, "Body": b"y"}),
        (s3.get_object, one),
        (s3.head_object, one),
        (s3.copy_object, {"Bucket": "bucket", "Key": "copy", "CopySource": "bucket/key"}),
        (s3.list_parts, part),
        (s3.upload_part, {**part, "PartNumber": 1, "Body": b"y"}),
        (s3.create_multipart_upload, one),
        (s3.complete_multipart_upload, {**part, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": etag_of_part}]}}),
        (s3.abort_multipart_upload, part),
        (s3.delete_objects, {"Bucket": "bucket", "Delete": {"Objects": [{"Key": "key"}]}}),
        (s3.delete_object, one),
        (s3.delete_bucket, {"Bucket": "bucket"}),
    ]
    for operation, arguments in operations:
        code = "403" if operation.__name__.startswith("head") else "AccessDenied"
        with refused(code, status=403):
            operation(**arguments, ExpectedBucketOwner="222222222222")
    with refused("AccessDenied", status=403):
        s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/key", ExpectedSourceBucketOwner="222222222222")
    assert s3.get_object(**one, ExpectedBucketOwner="111111111111")["Body"].read() == b"x"
    assert s3.list_objects_v2(Bucket="bucket")["KeyCount"] == 1


def check_checksums(sandbox):
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="bucket")
    body = b"checked" * 1000
    for algorithm in ["CRC32", "SHA1", "SHA256"]:
        answer = s3.put_object(Bucket="bucket", Key=algorithm, Body=body, ChecksumAlgorithm=algorithm)
        found = s3.head_object(Bucket="bucket", Key=algorithm, ChecksumMode="ENABLED")
        assert found[f"Checksum{algorithm}"] == answer[f"Checksum{algorithm}"], (answer, found)
        assert found["ChecksumType"] == "FULL_OBJECT", found
        # boto3 verifies this one.
        assert s3.get_object(Bucket="bucket", Key=algorithm, ChecksumMode="ENABLED")["Body"].read() == body
    assert s3.head_object(Bucket="bucket", Key="SHA256", ChecksumMode="ENABLED")["ChecksumSHA256"] == sha256(body)
    # These two need an extension of boto3 to be computed; the check values are the algorithms' own.
    for algorithm, digits in [("CRC32C", "e3069283"), ("CRC64NVME", "ae8b14860a799888")]:
        value = base64.b64encode(bytes.fromhex(digits)).decode()
        wrong = base64.b64encode(bytes.fromhex(digits[::-1])).decode()
        s3.put_object(Bucket="bucket", Key=algorithm, Body=b"123456789", **{f"Checksum{algorithm}": value})
        assert s3.head_object(Bucket="bucket", Key=algorithm, ChecksumMode="ENABLED")[f"Checksum{algorithm}"] == value
        with refused("BadDigest", f"The {algorithm} you specified"):
            s3.put_object(Bucket="bucket", Key="key", Body=b"123456789", **{f"Checksum{algorithm}": wrong})
    with refused("BadDigest", "The SHA256 you specified did not match the calculated checksum.", 400):
        s3.put_object(Bucket="bucket", Key="key", Body=body, ChecksumSHA256=sha256(b"other"))
    with refused("BadDigest", "The CRC32 you specified"):
        s3.put_object(Bucket="bucket", Key="key", Body=body, ChecksumCRC32=crc32(b"other"))
    with refused("InvalidRequest", "Value for x-amz-checksum-sha256 header is invalid."):
        s3.put_object(Bucket="bucket", Key="key", Body=body, ChecksumSHA256="nonsense")
    with refused("BadDigest", "The Content-MD5 you specified did not match what we received."):
        s3.put_object(Bucket="bucket", Key="key", Body=body,
                      ContentMD5=base64.b64encode(hashlib.md5(b"other").digest()).decode())
    with refused("InvalidDigest"):
        s3.put_object(Bucket="bucket", Key="key", Body=body, ContentMD5="nonsense")
    with refused("NoSuchKey"):
        s3.get_object(Bucket="bucket", Key="key")
    s3.put_object(Bucket="bucket", Key="key", Body=body, ContentMD5=base64.b64encode(hashlib.md5(body).digest()).decode())
    quiet = sandbox.client("s3", request_checksum_calculation="when_required")
    quiet.put_object(Bucket="bucket", Key="plain", Body=body)
    found = s3.head_object(Bucket="bucket", Key="plain", ChecksumMode="ENABLED")
    assert found["ChecksumCRC64NVME"] and found["ChecksumType"] == "FULL_OBJECT", found
    chunked_by_hand(sandbox, body)


def chunked_by_hand(sandbox, body):
    """aws-chunked with an unsigned trailer, as SDKs send over TLS: right, and with a wrong checksum."""
    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials

    def put(checksum, data=body):
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(data[at : at + 1000]), data[at : at + 1000]) for at in range(0, len(data), 1000))
        payload = chunks + b"0\r\nx-amz-checksum-crc32:" + checksum.encode() + b"\r\n\r\n"
        headers = {
            "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            "x-amz-trailer": "x-amz-checksum-crc32",
            "x-amz-decoded-content-length": str(len(data)),
            "content-encoding": "aws-chunked",
            "content-length": str(len(payload)),
        }
        request = botocore.awsrequest.AWSRequest("PUT", f"{sandbox.endpoint}/bucket/chunked", headers=headers, data=payload)
        request.context["payload_signing_enabled"] = False

        class Auth(botocore.auth.S3SigV4Auth):
            def payload(self, request):
                return "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

        Auth(botocore.credentials.Credentials("sandbox", sandbox.secret), "s3", "us-east-1").add_auth(request)
        sent = urllib.request.Request(request.url, method="PUT", data=payload, headers=dict(request.headers.items()))
        try:
            with urllib.request.urlopen(sent) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    assert put(crc32(body))[0] == 200, put(crc32(body))
    s3 = sandbox.client("s3")
    found = s3.get_object(Bucket="bucket", Key="chunked", ChecksumMode="ENABLED")
    assert found["Body"].read() == body and found["ChecksumCRC32"] == crc32(body)
    assert "ContentEncoding" not in found, found
    status, answer = put(crc32(b"other"))
    assert status == 400 and b"BadDigest" in answer, answer


def check_versions(sandbox):
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="key", Body=b"before")
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_versioning(Bucket="bucket")["Status"] == "Enabled"
    ids = [s3.put_object(Bucket="bucket", Key="key", Body=body)["VersionId"] for body in [b"one", b"two"]]
    assert s3.get_object(Bucket="bucket", Key="key")["VersionId"] == ids[1]
    assert s3.get_object(Bucket="bucket", Key="key", VersionId=ids[0])["Body"].read() == b"one"
    assert s3.get_object(Bucket="bucket", Key="key", VersionId="null")["Body"].read() == b"before"
    assert s3.head_object(Bucket="bucket", Key="key", VersionId=ids[0])["ContentLength"] == 3
    with refused("NoSuchVersion", "The specified version does not exist."):
        s3.get_object(Bucket="bucket", Key="key", VersionId="0" * 32)
    with refused("InvalidArgument", "Invalid version id specified"):
        s3.get_object(Bucket="bucket", Key="key", VersionId="nonsense")
    deleted = s3.delete_object(Bucket="bucket", Key="key")
    assert deleted["DeleteMarker"] and deleted["VersionId"]
    try:
        s3.get_object(Bucket="bucket", Key="key")
        raise AssertionError("deleted")
    except s3.exceptions.NoSuchKey as error:
        assert error.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"
    with refused("MethodNotAllowed", status=405):
        s3.get_object(Bucket="bucket", Key="key", VersionId=deleted["VersionId"])
    assert "Contents" not in s3.list_objects_v2(Bucket="bucket")
    # A delete marker counts as nothing there.
    s3.put_object(Bucket="bucket", Key="key", Body=b"three", IfNoneMatch="*")
    listed = s3.list_object_versions(Bucket="bucket")
    assert [(v["VersionId"] in ids + ["null"], v["IsLatest"]) for v in listed["Versions"]] == [
        (False, True), (True, False), (True, False), (True, False)], listed
    assert [m["VersionId"] for m in listed["DeleteMarkers"]] == [deleted["VersionId"]]
    pages = s3.get_paginator("list_object_versions").paginate(Bucket="bucket", PaginationConfig={"PageSize": 1})
    walked = [v["VersionId"] for page in pages for v in page.get("Versions", []) + page.get("DeleteMarkers", [])]
    assert len(walked) == len(set(walked)) == 5, walked
    undeleted = s3.delete_object(Bucket="bucket", Key="key", VersionId=deleted["VersionId"])
    assert undeleted["DeleteMarker"] is True
    s3.delete_object(Bucket="bucket", Key="key", VersionId=ids[0])
    with refused("NoSuchVersion"):
        s3.get_object(Bucket="bucket", Key="key", VersionId=ids[0])
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Suspended"})
    assert s3.put_object(Bucket="bucket", Key="key", Body=b"null now")["VersionId"] == "null"
    assert s3.get_object(Bucket="bucket", Key="key", VersionId="null")["Body"].read() == b"null now"
    everything = s3.list_object_versions(Bucket="bucket")
    result = s3.delete_objects(Bucket="bucket", Delete={"Objects": [
        {"Key": v["Key"], "VersionId": v["VersionId"]} for v in everything["Versions"] + everything.get("DeleteMarkers", [])]})
    assert len(result["Deleted"]) == 3 and not result.get("Errors"), result
    s3.delete_bucket(Bucket="bucket")
    assert os.listdir(os.path.join(sandbox.directory, "data")) == []


def check_listing(sandbox):
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="bucket")
    keys = sorted([f"layers/{name}/layer/{number:06}/uv.lock" for name in ["a", "b b", "ü"] for number in range(1, 8)] + ["top", "layers"])
    for key in keys:
        s3.put_object(Bucket="bucket", Key=key, Body=b"x")
    by_bytes = sorted(keys, key=str.encode)
    def walk(**arguments):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket="bucket", **arguments)
        names, prefixes = [], []
        for page in pages:
            names += [item["Key"] for item in page.get("Contents", [])]
            prefixes += [item["Prefix"] for item in page.get("CommonPrefixes", [])]
            assert page["KeyCount"] == len(page.get("Contents", [])) + len(page.get("CommonPrefixes", []))
        return names, prefixes
    for size in [1, 2, 3, 1000]:
        assert walk(PaginationConfig={"PageSize": size}) == (by_bytes, []), size
        assert walk(Delimiter="/", PaginationConfig={"PageSize": size}) == (["layers", "top"], ["layers/"]), size
        found = walk(Prefix="layers/", Delimiter="/", PaginationConfig={"PageSize": size})
        assert found == ([], ["layers/a/", "layers/b b/", "layers/ü/"]), found
    assert walk(Prefix="layers/a/")[0] == [key for key in by_bytes if key.startswith("layers/a/")]
    assert walk(StartAfter="layers/ü/layer/000006/uv.lock")[0] == ["layers/ü/layer/000007/uv.lock", "top"]
    assert [item.key for item in boto3.resource("s3", "us-east-1", endpoint_url=sandbox.endpoint, aws_access_key_id="x",
            aws_secret_access_key=sandbox.secret).Bucket("bucket").objects.page_size(5).all()] == by_bytes
    item = s3.list_objects_v2(Bucket="bucket", Prefix="top")["Contents"][0]
    assert item["ETag"] == etag(b"x") and item["Size"] == 1 and item["StorageClass"] == "STANDARD", item
    with refused("InvalidArgument"):
        s3.list_objects_v2(Bucket="bucket", ContinuationToken="%%%")
    assert s3.list_objects_v2(Bucket="bucket", MaxKeys=0)["KeyCount"] == 0


def check_copy(sandbox):
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="bucket")
    body = b"copied"
    s3.put_object(Bucket="bucket", Key="from", Body=body, Metadata={"a_b": "1"}, ContentType="text/plain", ChecksumAlgorithm="SHA256")
    result = s3.copy_object(Bucket="bucket", Key="to", CopySource={"Bucket": "bucket", "Key": "from"})
    assert result["CopyObjectResult"]["ETag"] == etag(body)
    found = s3.get_object(Bucket="bucket", Key="to", ChecksumMode="ENABLED")
    assert found["Body"].read() == body and found["Metadata"] == {"a_b": "1"} and found["ChecksumSHA256"] == sha256(body)
    s3.copy_object(Bucket="bucket", Key="to", CopySource="bucket/from", MetadataDirective="REPLACE", Metadata={"c": "2"})
    assert s3.head_object(Bucket="bucket", Key="to")["Metadata"] == {"c": "2"}
    s3.copy_object(Bucket="bucket", Key="to", CopySource="bucket/to", MetadataDirective="REPLACE", Metadata={"self": "1"})
    s3.delete_object(Bucket="bucket", Key="from")
    assert s3.get_object(Bucket="bucket", Key="to")["Body"].read() == body
    with refused("NoSuchKey"):
        s3.copy_object(Bucket="bucket", Key="to", CopySource="bucket/from")
    with refused("PreconditionFailed"):
        s3.copy_object(Bucket="bucket", Key="x", CopySource="bucket/to", CopySourceIfMatch='"0"')
    with refused("PreconditionFailed"):
        s3.copy_object(Bucket="bucket", Key="to", CopySource="bucket/to", IfNoneMatch="*", MetadataDirective="REPLACE")


def check_multipart(sandbox):
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    body = random.Random(1).randbytes(20 * MEBI + 7)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "big")
        with open(path, "wb") as file:
            file.write(body)
        for algorithm in [None, "SHA256", "CRC32"]:
            extra = {"Metadata": {"manifest_md5": "m"}, "ContentType": "application/zip"}
            if algorithm:
                extra["ChecksumAlgorithm"] = algorithm
            s3.upload_file(path, "bucket", "big", ExtraArgs=extra)
            found = s3.head_object(Bucket="bucket", Key="big", ChecksumMode="ENABLED")
            assert found["ContentLength"] == len(body) and found["ETag"].endswith('-3"') and found["Metadata"] == {"manifest_md5": "m"}
            assert found["ChecksumType"] == "COMPOSITE", found
            if algorithm == "SHA256":
                parts = [hashlib.sha256(body[at : at + 8 * MEBI]).digest() for at in range(0, len(body), 8 * MEBI)]
                assert found["ChecksumSHA256"] == sha256(b"".join(parts)) + "-3", found
            s3.download_file("bucket", "big", path + ".back")
            with open(path + ".back", "rb") as file:
                assert file.read() == body
    parts_md5 = b"".join(hashlib.md5(body[at : at + 8 * MEBI]).digest() for at in range(0, len(body), 8 * MEBI))
    assert found["ETag"] == f'"{hashlib.md5(parts_md5).hexdigest()}-3"'

    made = s3.create_multipart_upload(Bucket="bucket", Key="big", ChecksumAlgorithm="CRC64NVME")
    assert made["ChecksumType"] == "FULL_OBJECT", made
    names = {"Bucket": "bucket", "Key": "big", "UploadId": made["UploadId"]}
    plain = sandbox.client("s3", request_checksum_calculation="when_required")
    tags = [plain.upload_part(PartNumber=number, Body=part, **names)["ETag"] for number, part in [(1, body[: 5 * MEBI]), (2, b"end")]]
    assert [part["PartNumber"] for part in s3.list_parts(**names)["Parts"]] == [1, 2]
    listed = s3.list_parts(MaxParts=1, **names)
    assert listed["IsTruncated"] and listed["NextPartNumberMarker"] == 1
    def complete(numbers, tags=tags, **more):
        return s3.complete_multipart_upload(MultipartUpload={"Parts": [
            {"PartNumber": number, "ETag": tags[number - 1]} for number in numbers]}, **names, **more)
    with refused("InvalidPartOrder"):
        complete([2, 1])
    with refused("InvalidPart"):
        complete([1, 2], tags=[tags[0], '"0"'])
    with refused("PreconditionFailed"):
        complete([1, 2], IfNoneMatch="*")
    answer = complete([1, 2])
    assert answer["VersionId"] and answer["ChecksumType"] == "FULL_OBJECT" and answer["ChecksumCRC64NVME"], answer
    found = s3.get_object(Bucket="bucket", Key="big")
    assert found["Body"].read() == body[: 5 * MEBI] + b"end"
    assert s3.get_object(Bucket="bucket", Key="big", PartNumber=2)["Body"].read() == b"end"
    # Repeated, it is answered like the first time; with other parts there is no such upload any more.
    again = complete([1, 2])
    assert (again["VersionId"], again["ETag"]) == (answer["VersionId"], answer["ETag"]), again
    with refused("NoSuchUpload"):
        complete([1])
    made = s3.create_multipart_upload(Bucket="bucket", Key="small")
    names = {"Bucket": "bucket", "Key": "small", "UploadId": made["UploadId"]}
    tags = [s3.upload_part(PartNumber=number, Body=b"tiny", **names)["ETag"] for number in [1, 2]]
    with refused("EntityTooSmall"):
        complete([1, 2], tags=tags)
    s3.abort_multipart_upload(**names)
    with refused("NoSuchUpload"):
        s3.upload_part(PartNumber=1, Body=b"late", **names)
    with refused("InvalidRequest", "cannot be used with the sha256"):
        s3.create_multipart_upload(Bucket="bucket", Key="x", ChecksumAlgorithm="SHA256", ChecksumType="FULL_OBJECT")


def check_parts_that_are_copies(sandbox):
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="bucket")
    body = random.Random(2).randbytes(6 * MEBI)
    s3.put_object(Bucket="bucket", Key="from", Body=body)
    names = {"Bucket": "bucket", "Key": "to"}
    names["UploadId"] = s3.create_multipart_upload(**names, ChecksumAlgorithm="SHA256")["UploadId"]
    whole = s3.upload_part_copy(PartNumber=1, CopySource="bucket/from", **names)["CopyPartResult"]
    assert whole["ETag"] == etag(body) and whole["ChecksumSHA256"] == sha256(body), whole
    some = s3.upload_part_copy(PartNumber=2, CopySource="bucket/from", CopySourceRange="bytes=1-3", **names)["CopyPartResult"]
    assert some["ETag"] == etag(body[1:4]), some
    for wrong in ["bytes=-3", "bytes=3-", "1-3", f"bytes=0-{len(body)}"]:
        with refused("InvalidArgument"):
            s3.upload_part_copy(PartNumber=3, CopySource="bucket/from", CopySourceRange=wrong, **names)
    with refused("NoSuchKey"):
        s3.upload_part_copy(PartNumber=3, CopySource="bucket/none", **names)
    with refused("PreconditionFailed"):
        s3.upload_part_copy(PartNumber=3, CopySource="bucket/from", CopySourceIfMatch='"0"', **names)
    with refused("NoSuchUpload"):
        s3.upload_part_copy(PartNumber=1, CopySource="bucket/from", **{**names, "UploadId": "none"})
    parts = [{"PartNumber": number, "ETag": part["ETag"]} for number, part in [(1, whole), (2, some)]]
    s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **names)
    assert s3.get_object(Bucket="bucket", Key="to")["Body"].read() == body + body[1:4]


def check_listing_of_uploads(sandbox):
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="bucket")
    keys = ["a/1", "a/2", "b", "c/1", "c/1"]
    begun = [(key, s3.create_multipart_upload(Bucket="bucket", Key=key)["UploadId"]) for key in keys]
    for size in [1, 2, 1000]:
        pages = list(s3.get_paginator("list_multipart_uploads").paginate(Bucket="bucket", PaginationConfig={"PageSize": size}))
        walked = [(upload["Key"], upload["UploadId"]) for page in pages for upload in page.get("Uploads", [])]
        assert [key for key, _ in walked] == keys and sorted(walked) == sorted(begun), walked
        below = s3.get_paginator("list_multipart_uploads").paginate(Bucket="bucket", Delimiter="/", PaginationConfig={"PageSize": size})
        below = list(below)
        assert [prefix["Prefix"] for page in below for prefix in page.get("CommonPrefixes", [])] == ["a/", "c/"], below
        assert [upload["Key"] for page in below for upload in page.get("Uploads", [])] == ["b"], below
    assert len(s3.list_multipart_uploads(Bucket="bucket", Prefix="a/")["Uploads"]) == 2
    with refused("InvalidArgument", "Invalid uploadId marker"):
        s3.list_multipart_uploads(Bucket="bucket", KeyMarker="a/1", UploadIdMarker="none")
    for key, upload in begun:
        s3.abort_multipart_upload(Bucket="bucket", Key=key, UploadId=upload)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="bucket")


def check_versions_below_a_delimiter(sandbox):
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    for key in ["a/1", "a/2", "b", "b", "c/1", "d"]:
        s3.put_object(Bucket="bucket", Key=key, Body=b"x")
    for size in [1, 2, 3, 1000]:
        pages = list(s3.get_paginator("list_object_versions").paginate(
            Bucket="bucket", Delimiter="/", PaginationConfig={"PageSize": size}))
        assert [prefix["Prefix"] for page in pages for prefix in page.get("CommonPrefixes", [])] == ["a/", "c/"], (size, pages)
        assert [version["Key"] for page in pages for version in page.get("Versions", [])] == ["b", "b", "d"], (size, pages)
    for marker, message in [
        ({"VersionIdMarker": "0" * 32}, "A version-id marker cannot be specified without a key marker."),
        ({"KeyMarker": "b", "VersionIdMarker": "nonsense"}, "Invalid version id specified"),
    ]:
        with refused("InvalidArgument", message):
            s3.list_object_versions(Bucket="bucket", **marker)


def check_regions_and_signatures(sandbox):
    s3 = sandbox.client("s3")
    west = sandbox.client("s3", "us-west-2")
    with refused("IllegalLocationConstraintException"):
        west.create_bucket(Bucket="west")
    west.create_bucket(Bucket="west", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    with refused("BucketAlreadyOwnedByYou", status=409):
        west.create_bucket(Bucket="west", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    assert s3.get_bucket_location(Bucket="west")["LocationConstraint"] == "us-west-2"
    west.put_object(Bucket="west", Key="key", Body=b"x")
    # boto3 follows the redirect; what it follows is seen by its signature.
    other = sandbox.client("s3", "eu-west-1")
    other.meta.events.register_first("needs-retry.s3", lambda **_: None)
    assert other.get_object(Bucket="west", Key="key")["Body"].read() == b"x"
    statuses = [entry["status"] for entry in sandbox.control("GET", "requests")["requests"]]
    assert 301 in statuses, statuses
    stranger = sandbox.client("s3", key="210987654321")
    with refused("BucketAlreadyExists", status=409):
        sandbox.client("s3", "us-west-2", key="210987654321").create_bucket(
            Bucket="west", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    assert stranger.list_buckets()["Buckets"] == []
    with refused("AccessDenied", status=403):
        west.get_object(Bucket="west", Key="key", ExpectedBucketOwner="210987654321")
    wrong = {"secret": "wrong"}
    with refused("SignatureDoesNotMatch", "The request signature we calculated", 403):
        sandbox.client("s3", **wrong).list_buckets()
    with refused("InvalidSignatureException", status=403):
        sandbox.client("lambda", **wrong).list_layers()
    with refused("SignatureDoesNotMatch"):
        sandbox.client("sts", **wrong).get_caller_identity()
    for path, code in [("/west/key", b"AccessDenied"), ("/2018-10-31/layers", b"Missing Authentication Token")]:
        try:
            urllib.request.urlopen(sandbox.endpoint + path)
            raise AssertionError("unsigned")
        except urllib.error.HTTPError as error:
            assert error.code == 403 and code in error.read()
    for version in ["s3v4", "s3"]:
        signer = sandbox.client("s3", "us-west-2", signature_version=version)
        link = signer.generate_presigned_url("get_object", {"Bucket": "west", "Key": "key"})
        with urllib.request.urlopen(link) as response:
            assert response.read() == b"x"
    assert sandbox.client("sts").get_caller_identity()["Account"] == "123456789012"
    identity = sandbox.client("sts", key="210987654321").get_caller_identity()
    assert identity["Account"] == "210987654321" and identity["Arn"] == "arn:aws:iam::210987654321:user/sandbox"
    role = sandbox.client("sts").assume_role(RoleArn="arn:aws:iam::210987654321:role/deploy", RoleSessionName="session")
    given = role["Credentials"]
    assert given["Expiration"].timestamp() - time.time() > 3000, given
    session = {"key": given["AccessKeyId"], "secret": given["SecretAccessKey"], "token": given["SessionToken"]}
    identity = sandbox.client("sts", **session).get_caller_identity()
    assert identity["Account"] == "210987654321", identity
    assert identity["Arn"] == role["AssumedRoleUser"]["Arn"] == "arn:aws:sts::210987654321:assumed-role/deploy/session"
    assert sandbox.client("lambda", **session).list_layers()["Layers"] == []
    signer = sandbox.client("s3", "us-west-2", signature_version="s3v4", **session)
    link = signer.generate_presigned_url("get_object", {"Bucket": "west", "Key": "key"})
    with urllib.request.urlopen(link) as response:
        assert response.read() == b"x"
    with refused("InvalidToken", status=400):
        sandbox.client("s3", key=given["AccessKeyId"], secret=given["SecretAccessKey"]).list_buckets()


def check_what_s3_tells_besides(sandbox):
    """Fields of real answers that clients read: encryption, checksum types, owners, details of errors."""
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="bucket")
    one = {"Bucket": "bucket", "Key": "key"}
    big = b"x" * 5 * MEBI
    assert s3.put_object(**one, Body=b"body", ChecksumAlgorithm="SHA256")["ServerSideEncryption"] == "AES256"
    assert s3.get_object(**one)["ServerSideEncryption"] == s3.head_object(**one)["ServerSideEncryption"] == "AES256"
    for listed in [s3.list_objects(Bucket="bucket"), s3.list_objects_v2(Bucket="bucket", FetchOwner=True)]:
        [item] = listed["Contents"]
        assert item["Owner"]["ID"] == "123456789012" and item["ChecksumType"] == "FULL_OBJECT", item
    assert "Owner" not in s3.list_objects_v2(Bucket="bucket")["Contents"][0]
    [version] = s3.list_object_versions(Bucket="bucket")["Versions"]
    assert version["ChecksumType"] == "FULL_OBJECT" and version["Owner"]["ID"] == "123456789012", version

    # The checksum of a whole object from those of its parts.
    whole = {"Bucket": "bucket", "Key": "whole"}
    upload = s3.create_multipart_upload(**whole, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")["UploadId"]
    parts = []
    for number, data in [(1, big), (2, b"end")]:
        answer = s3.upload_part(**whole, UploadId=upload, PartNumber=number, Body=data, ChecksumAlgorithm="CRC32")
        parts.append({"PartNumber": number, "ETag": answer["ETag"], "ChecksumCRC32": answer["ChecksumCRC32"]})
    completed = s3.complete_multipart_upload(**whole, UploadId=upload, MultipartUpload={"Parts": parts})
    assert completed["ChecksumType"] == "FULL_OBJECT" and completed["ChecksumCRC32"] == crc32(big + b"end"), completed
    assert completed["ETag"].endswith('-2"')
    with refused("InvalidPartNumber", status=416, ActualPartCount="2", PartNumberRequested="3"):
        s3.get_object(**whole, PartNumber=3)
    # A copy is one piece.
    copied = s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/whole")
    assert copied["CopyObjectResult"]["ETag"] == etag(big + b"end") and copied["ServerSideEncryption"] == "AES256", copied
    assert copied["CopyObjectResult"]["ChecksumType"] == "FULL_OBJECT"
    # Onto itself, something must be replaced; the checksum is the one that is asked for.
    with refused("InvalidRequest", "to itself without changing"):
        s3.copy_object(**whole, CopySource="bucket/whole", ChecksumAlgorithm="SHA256")
    replaced = {"MetadataDirective": "REPLACE", "Metadata": {"manifest_md5": "m"}, "ContentType": "application/zip"}
    copied = s3.copy_object(**whole, CopySource="bucket/whole", CopySourceIfMatch=completed["ETag"],
                            ChecksumAlgorithm="SHA256", **replaced)["CopyObjectResult"]
    assert copied["ChecksumSHA256"] == sha256(big + b"end") and copied["ChecksumType"] == "FULL_OBJECT", copied
    found = s3.head_object(**whole, ChecksumMode="ENABLED")
    assert found["ChecksumSHA256"] == sha256(big + b"end") and "PartsCount" not in found, found
    assert found["ETag"] == copied["ETag"] == etag(big + b"end") and found["Metadata"] == {"manifest_md5": "m"}

    # Another write came between the start of an upload and its completion.
    for condition in [{"IfNoneMatch": "*"}, {"IfMatch": etag(b"body")}]:
        upload = s3.create_multipart_upload(**one)["UploadId"]
        part = s3.upload_part(**one, UploadId=upload, PartNumber=1, Body=b"part")
        time.sleep(0.01)
        s3.put_object(**one, Body=b"body")
        listed = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        name = {"IfNoneMatch": "If-None-Match", "IfMatch": "If-Match"}[next(iter(condition))]
        with refused("ConditionalRequestConflict", status=409, Condition=name, Key="key"):
            s3.complete_multipart_upload(**one, UploadId=upload, MultipartUpload=listed, **condition)

    with refused("NoSuchKey", Key="a <b> & c"):
        s3.get_object(Bucket="bucket", Key="a <b> & c")
    with refused("NoSuchBucket", BucketName="nowhere"):
        s3.get_object(Bucket="nowhere", Key="key")
    with refused("NoSuchVersion", Key="key", VersionId="0" * 32):
        s3.get_object(**one, VersionId="0" * 32)
    with refused("NoSuchUpload", UploadId="gone"):
        s3.list_parts(**one, UploadId="gone")
    with refused("InvalidRange", status=416, RangeRequested="bytes=10-", ActualObjectSize="4"):
        s3.get_object(**one, Range="bytes=10-")
    with refused("PreconditionFailed", Condition="x-amz-copy-source-If-Match"):
        s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/key", CopySourceIfMatch='"0"')
    loose = sandbox.client("s3", parameter_validation=False)
    for wrong in [{"EncodingType": "none"}, {"ContinuationToken": "?"}]:
        with refused("InvalidArgument", status=400):
            loose.list_objects_v2(Bucket="bucket", **wrong)


# Lambda


def publish(client, name="numpy", data=None, **more):
    return client.publish_layer_version(LayerName=name, Content={"ZipFile": data or layer_zip()}, **more)


def check_publishing(sandbox):
    s3, lambda_ = sandbox.client("s3"), sandbox.client("lambda")
    s3.create_bucket(Bucket="bucket")
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    archives = [layer_zip({"python/a.py": bytes([number])}) for number in range(2)]
    ids = [s3.put_object(Bucket="bucket", Key="layer.zip", Body=data)["VersionId"] for data in archives]
    content = {"S3Bucket": "bucket", "S3Key": "layer.zip"}
    first = lambda_.publish_layer_version(
        LayerName="numpy", Content={**content, "S3ObjectVersion": ids[0]}, Description="d", LicenseInfo="MIT",
        CompatibleRuntimes=["python3.12"], CompatibleArchitectures=["x86_64", "arm64"])
    assert first["ResponseMetadata"]["HTTPStatusCode"] == 201 and first["ResponseMetadata"]["RequestId"]
    assert first["LayerArn"] == "arn:aws:lambda:us-east-1:123456789012:layer:numpy"
    assert first["LayerVersionArn"] == first["LayerArn"] + ":1" and first["Version"] == 1
    assert first["Content"]["CodeSha256"] == sha256(archives[0]) and first["Content"]["CodeSize"] == len(archives[0])
    assert (first["Description"], first["LicenseInfo"]) == ("d", "MIT")
    assert first["CompatibleRuntimes"] == ["python3.12"] and first["CompatibleArchitectures"] == ["x86_64", "arm64"]
    time.strptime(first["CreatedDate"], "%Y-%m-%dT%H:%M:%S.%f%z")
    assert first["CreatedDate"].endswith("+0000") and len(first["CreatedDate"]) == 28
    second = lambda_.publish_layer_version(LayerName="numpy", Content=content)
    assert second["Version"] == 2 and second["Content"]["CodeSha256"] == sha256(archives[1])
    assert "CompatibleRuntimes" not in second and second["Description"] == ""
    found = lambda_.get_layer_version(LayerName="numpy", VersionNumber=1)
    by_arn = lambda_.get_layer_version_by_arn(Arn=first["LayerVersionArn"])
    for field in ["Content", "LayerVersionArn", "CreatedDate", "CompatibleRuntimes"]:
        assert found[field] == first[field] == by_arn[field], field
    assert lambda_.get_layer_version(LayerName=first["LayerArn"], VersionNumber=1)["Version"] == 1
    with urllib.request.urlopen(found["Content"]["Location"]) as response:
        assert response.read() == archives[0]
    # The archive is Lambda's own by now.
    s3.delete_object(Bucket="bucket", Key="layer.zip", VersionId=ids[0])
    with urllib.request.urlopen(found["Content"]["Location"]) as response:
        assert response.read() == archives[0]
    # Numbers are never given twice, deleted or not, restarted or not.
    assert lambda_.delete_layer_version(LayerName="numpy", VersionNumber=2)["ResponseMetadata"]["HTTPStatusCode"] == 204
    lambda_.delete_layer_version(LayerName="numpy", VersionNumber=2)
    with refused("ResourceNotFoundException", "The resource you requested does not exist.", 404):
        lambda_.get_layer_version(LayerName="numpy", VersionNumber=2)
    lambda_.delete_layer_version(LayerName="numpy", VersionNumber=1)
    assert lambda_.list_layers()["Layers"] == [] and lambda_.list_layer_versions(LayerName="numpy")["LayerVersions"] == []
    for _ in range(2):
        sandbox.stop()
        sandbox.start()
    lambda_ = sandbox.client("lambda")
    assert lambda_.publish_layer_version(LayerName="numpy", Content=content)["Version"] == 3
    # Regions, accounts and partitions keep apart.
    for region, key, partition in [("eu-west-1", "sandbox", "aws"), ("cn-north-1", "x", "aws-cn"),
                                   ("us-gov-west-1", "x", "aws-us-gov"), ("us-east-1", "210987654321", "aws")]:
        client = sandbox.client("lambda", region, key=key)
        account = key if key.isdigit() else "123456789012"
        answer = publish(client)
        assert answer["LayerVersionArn"] == f"arn:{partition}:lambda:{region}:{account}:layer:numpy:1", answer
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        versions = [answer["Version"] for answer in pool.map(lambda _: publish(lambda_, "race"), range(40))]
    assert sorted(versions) == list(range(1, 41)), versions


def check_publish_refusals(sandbox):
    s3, lambda_ = sandbox.client("s3"), sandbox.client("lambda")
    s3.create_bucket(Bucket="bucket")
    def from_s3(**content):
        return lambda_.publish_layer_version(LayerName="x", Content={"S3Bucket": "bucket", "S3Key": "key", **content})
    start = "Error occurred while GetObject. S3 Error Code: "
    invalid = "InvalidParameterValueException"
    with refused(invalid, start + "NoSuchKey. S3 Error Message: The specified key does not exist.", 400):
        from_s3()
    with refused(invalid, start + "NoSuchBucket. S3 Error Message: The specified bucket does not exist"):
        from_s3(S3Bucket="missing")
    s3.put_object(Bucket="bucket", Key="key", Body=b"not a zip")
    with refused(invalid, start + "NoSuchVersion"):
        from_s3(S3ObjectVersion="0" * 32)
    with refused(invalid, "Could not unzip uploaded file. Please check your file, then try to upload again."):
        from_s3()
    s3.put_object(Bucket="bucket", Key="key", Body=layer_zip()[:-10])
    with refused(invalid, "Could not unzip uploaded file."):
        from_s3()
    s3.put_object(Bucket="bucket", Key="key", Body=b"")
    with refused(invalid, "Uploaded file must be a non-empty zip"):
        from_s3()
    s3.put_object(Bucket="bucket", Key="key", Body=layer_zip({"python/big": b"\0" * 262_144_000}))
    assert from_s3()["Version"] == 1
    s3.put_object(Bucket="bucket", Key="key", Body=layer_zip({"python/big": b"\0" * 262_144_001}))
    with refused(invalid, "Unzipped size must be smaller than 262144000 bytes"):
        from_s3()
    west = sandbox.client("s3", "us-west-2")
    west.create_bucket(Bucket="west", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    west.put_object(Bucket="west", Key="key", Body=layer_zip())
    with refused(invalid, start + "PermanentRedirect. S3 Error Message: The bucket is in this region: us-west-2. "
                 "Please use this region to retry the request"):
        from_s3(S3Bucket="west")
    # No number was used up.
    s3.put_object(Bucket="bucket", Key="key", Body=layer_zip())
    assert from_s3()["Version"] == 2

    loose = sandbox.client("lambda", parameter_validation=False)
    for name in ["a.b", "a b", "ü"]:
        with refused("ValidationException", "regular expression pattern", 400):
            publish(loose, name)
    with refused("ValidationException", "length less than or equal to 140"):
        publish(loose, "n" * 141)
    with refused("ValidationException", "layerVersionArn"):
        publish(loose, "n" * 100)
    with refused("ValidationException", "'description' failed to satisfy constraint: Member must have length less than or equal to 256"):
        publish(loose, Description="d" * 257)
    with refused("ValidationException", "licenseInfo"):
        publish(loose, LicenseInfo="l" * 513)
    with refused("ValidationException", "less than or equal to 15"):
        publish(loose, CompatibleRuntimes=["python3.12"] * 16)
    with refused("ValidationException", "enum value set", 400):
        publish(loose, CompatibleRuntimes=["python9.9"])
    with refused("ValidationException", "python3.15, "):
        publish(loose, CompatibleRuntimes=["python9.9"])
    sandbox.fault(operation="PublishLayerVersion", times=1, fault="source-denied")
    with refused("AccessDeniedException", "make sure your request credentials have permission to GetObject for bucket/key.", 403):
        from_s3()
    with refused("ValidationException", "enum value set"):
        publish(loose, CompatibleArchitectures=["riscv"])
    with refused(invalid, "Please provide a source for code."):
        loose.publish_layer_version(LayerName="x", Content={})
    with refused(invalid, "Please do not provide other FunctionCode parameters"):
        loose.publish_layer_version(LayerName="x", Content={"ZipFile": layer_zip(), "S3Bucket": "bucket", "S3Key": "key"})
    with refused("ResourceNotFoundException"):
        lambda_.get_layer_version(LayerName="never", VersionNumber=1)
    with refused(invalid, "Layer Version Cannot be less than 1."):
        lambda_.get_layer_version(LayerName="never", VersionNumber=0)
    with refused("ValidationException", "arn"):
        loose.get_layer_version_by_arn(Arn="nonsense")


def check_layer_lists(sandbox):
    lambda_ = sandbox.client("lambda")
    names = [f"layer-{number:03}" for number in range(120)]
    data = layer_zip()
    for name in names:
        publish(lambda_, name, data, CompatibleRuntimes=["python3.12" if name.endswith("0") else "python3.13"])
    for _ in range(60):
        publish(lambda_, "layer-000", data)
    page = lambda_.list_layers()
    assert len(page["Layers"]) == 50 and page["NextMarker"]
    item = page["Layers"][0]
    assert item["LatestMatchingVersion"]["Version"] == 61 and item["LayerArn"].endswith(":layer:layer-000")
    assert "Content" not in item["LatestMatchingVersion"] and "CodeSha256" not in json.dumps(item)
    for size in [7, 50]:
        pages = list(lambda_.get_paginator("list_layers").paginate(PaginationConfig={"PageSize": size}))
        assert [item["LayerName"] for page in pages for item in page["Layers"]] == names
        assert len(pages) == -(-120 // size)
    pages = list(lambda_.get_paginator("list_layer_versions").paginate(LayerName="layer-000"))
    assert [version["Version"] for page in pages for version in page["LayerVersions"]] == list(range(61, 0, -1))
    assert [len(page["LayerVersions"]) for page in pages] == [50, 11] and "NextMarker" not in pages[-1]
    assert len(lambda_.list_layers(CompatibleRuntime="python3.12")["Layers"]) == 12
    assert lambda_.list_layers(CompatibleRuntime="python3.12")["Layers"][0]["LatestMatchingVersion"]["Version"] == 1
    assert lambda_.list_layers(CompatibleArchitecture="arm64")["Layers"] == []
    loose = sandbox.client("lambda", parameter_validation=False)
    for count in [0, 51]:
        for call in [loose.list_layers, lambda **more: loose.list_layer_versions(LayerName="layer-000", **more)]:
            with refused("ValidationException", f"Value '{count}' at 'maxItems' failed to satisfy constraint", 400):
                call(MaxItems=count)
    raw = {}
    lambda_.meta.events.register("after-call.lambda.ListLayerVersions", lambda http_response, **_: raw.update(json.loads(http_response.text)))
    lambda_.list_layer_versions(LayerName="layer-001")
    assert raw["NextMarker"] is None, raw
    with refused("InvalidParameterValueException"):
        lambda_.list_layers(Marker="???")
    assert lambda_.list_layer_versions(LayerName="never")["LayerVersions"] == []


def check_permissions(sandbox):
    lambda_ = sandbox.client("lambda")
    other = sandbox.client("lambda", key="210987654321")
    arn = publish(lambda_)["LayerVersionArn"]
    names = {"LayerName": "numpy", "VersionNumber": 1}
    with refused("ResourceNotFoundException", "No policy is associated with the given resource."):
        lambda_.get_layer_version_policy(**names)
    with refused("AccessDeniedException", "is not authorized to perform: lambda:GetLayerVersion on resource: " + arn, 403):
        other.get_layer_version_by_arn(Arn=arn)
    allow = {"Action": "lambda:GetLayerVersion", "Principal": "210987654321", "StatementId": "share"}
    answer = lambda_.add_layer_version_permission(**names, **allow)
    statement = json.loads(answer["Statement"])
    assert statement["Principal"] == {"AWS": "arn:aws:iam::210987654321:root"} and statement["Resource"] == arn
    assert other.get_layer_version_by_arn(Arn=arn)["Version"] == 1
    assert json.loads(lambda_.get_layer_version_policy(**names)["Policy"])["Statement"] == [statement]
    with refused("ResourceConflictException", "already exists", 409):
        lambda_.add_layer_version_permission(**names, **allow)
    with refused("PreconditionFailedException", status=412):
        lambda_.add_layer_version_permission(**names, **{**allow, "StatementId": "b"}, RevisionId="stale")
    organization = {**allow, "StatementId": "org", "Principal": "*", "OrganizationId": "o-a1b2c3d4e5"}
    revision = lambda_.get_layer_version_policy(**names)["RevisionId"]
    answer = lambda_.add_layer_version_permission(**names, **organization, RevisionId=revision)
    assert json.loads(answer["Statement"])["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    loose = sandbox.client("lambda", parameter_validation=False)
    for change in [{"Principal": "me"}, {"Action": "lambda:*"}, {"StatementId": "a b"}, {"Principal": "*", "OrganizationId": "o-x"}]:
        with refused("ValidationException"):
            loose.add_layer_version_permission(**names, **{**allow, "StatementId": "c", **change})
    with refused("InvalidParameterValueException"):
        lambda_.add_layer_version_permission(**names, **{**organization, "StatementId": "d", "Principal": "210987654321"})
    with refused("ResourceNotFoundException", "does not exist"):
        lambda_.add_layer_version_permission(LayerName="numpy", VersionNumber=9, **allow)
    lambda_.remove_layer_version_permission(**names, StatementId="share")
    with refused("ResourceNotFoundException", "Statement share is not found"):
        lambda_.remove_layer_version_permission(**names, StatementId="share")
    with refused("AccessDeniedException"):
        other.get_layer_version(LayerName=arn.rsplit(":", 1)[0], VersionNumber=1)


# The sandbox's own


# Functions


def make_function(client, name="f", code=None, **more):
    settings = {"Role": "arn:aws:iam::123456789012:role/r", "Runtime": "python3.12", "Handler": "app.handler", **more}
    return client.create_function(FunctionName=name, Code={"ZipFile": code or layer_zip({"app.py": b"x = 1\n"})}, **settings)


def check_functions(sandbox):
    lambda_ = sandbox.client("lambda")
    arns = [publish(lambda_, name)["LayerVersionArn"] for name in ["a", "b", "a"]]
    made = make_function(lambda_, Layers=arns[:2], Description="d", Tags={"team": "data"}, Timeout=7, MemorySize=256,
                         Environment={"Variables": {"A": "1"}}, Architectures=["arm64"])
    arn = made["FunctionArn"]
    assert arn == "arn:aws:lambda:us-east-1:123456789012:function:f" and made["Version"] == "$LATEST", made
    assert [layer["Arn"] for layer in made["Layers"]] == arns[:2] and made["Layers"][0]["CodeSize"] > 0, made
    assert (made["Timeout"], made["MemorySize"], made["PackageType"]) == (7, 256, "Zip"), made
    for name in ["f", arn, "123456789012:function:f", "function:f"]:
        found = lambda_.get_function(FunctionName=name)
        assert found["Tags"] == {"team": "data"} and found["Configuration"]["FunctionName"] == "f", found
    found = found["Configuration"]
    assert (found["State"], found["LastUpdateStatus"]) == ("Active", "Successful"), found
    assert found["Environment"] == {"Variables": {"A": "1"}} and found["Architectures"] == ["arm64"], found
    [listed] = lambda_.list_functions()["Functions"]
    assert listed["RevisionId"] == found["RevisionId"] and listed["Layers"] == found["Layers"], listed
    assert "State" not in listed and "LastUpdateStatus" not in listed, listed
    with refused("ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:123456789012:function:g", 404):
        lambda_.get_function_configuration(FunctionName="g")
    with refused("ResourceConflictException", "Function already exist: f", 409):
        make_function(lambda_)
    with refused("InvalidParameterValueException", "mandatory parameters"):
        lambda_.create_function(FunctionName="g", Role="arn:aws:iam::123456789012:role/r", Code={"ZipFile": layer_zip()})
    lambda_.create_function(FunctionName="image", Role="arn:aws:iam::123456789012:role/r", PackageType="Image",
                            Code={"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/i:1"})
    with refused("InvalidParameterValueException", "container images"):
        lambda_.update_function_configuration(FunctionName="image", Layers=arns[:1])

    # Order stays; what is not named stays too.
    changed = lambda_.update_function_configuration(FunctionName="f", Layers=[arns[1], arns[2]], RevisionId=found["RevisionId"])
    assert [layer["Arn"] for layer in changed["Layers"]] == [arns[1], arns[2]] and changed["Description"] == "d", changed
    assert lambda_.update_function_configuration(FunctionName="f", Layers=[])["RevisionId"] != changed["RevisionId"]
    assert "Layers" not in lambda_.get_function_configuration(FunctionName="f")
    lambda_.delete_function(FunctionName="f")
    with refused("ResourceNotFoundException"):
        lambda_.delete_function(FunctionName="f")


def check_layers_of_functions(sandbox):
    lambda_ = sandbox.client("lambda")
    arns = [publish(lambda_, f"layer-{number}")["LayerVersionArn"] for number in range(6)]
    newer = publish(lambda_, "layer-0")["LayerVersionArn"]
    make_function(lambda_)
    before = lambda_.get_function_configuration(FunctionName="f")["RevisionId"]

    def update(*layers):
        return lambda_.update_function_configuration(FunctionName="f", Layers=list(layers))

    with refused("InvalidParameterValueException", "Cannot reference more than 5 layers.", 400):
        update(*arns)
    with refused("InvalidParameterValueException", "Two different versions of the same layer are not allowed to be referenced "
                 f"in the same function. {arns[0]} and {newer} are versions of the same layer.", 400):
        update(arns[0], newer)
    with refused("InvalidParameterValueException", f"Layer version {arns[0]}9 does not exist."):
        update(arns[0] + "9")
    west = publish(sandbox.client("lambda", "us-west-2"), "west")["LayerVersionArn"]
    with refused("InvalidParameterValueException", "Layers are expected to be in region us-east-1"):
        update(west)
    other = sandbox.client("lambda", key="210987654321")
    foreign = publish(other, "foreign")["LayerVersionArn"]
    with refused("AccessDeniedException", "lambda:GetLayerVersion", 403):
        update(foreign)
    other.add_layer_version_permission(LayerName="foreign", VersionNumber=1, StatementId="s", Action="lambda:GetLayerVersion",
                                       Principal="123456789012")
    # The sum of what is in the zips, the function's own one included.
    half = layer_zip({"python/half": b"\0" * 131_072_000})
    halves = [publish(lambda_, f"half-{number}", half)["LayerVersionArn"] for number in range(2)]
    with refused("InvalidParameterValueException", "Layers consume more than the available size of 262144000 bytes", 400):
        update(*halves)
    assert lambda_.get_function_configuration(FunctionName="f")["RevisionId"] == before
    update(foreign, halves[0], arns[0])
    lambda_.delete_layer_version(LayerName="layer-0", VersionNumber=1)
    assert lambda_.get_function_configuration(FunctionName="f")["Layers"][2]["Arn"] == arns[0]
    with refused("InvalidParameterValueException", "does not exist"):
        update(arns[0])


def check_changes_take_a_while(directory):
    sandbox = Sandbox(directory, "--function-change-ms", "70000")
    lambda_ = sandbox.client("lambda")

    def seen():
        return lambda_.get_function_configuration(FunctionName="f")

    def done():
        sandbox.control("POST", "clock", {"advance_seconds": 70})

    assert make_function(lambda_)["State"] == "Pending"
    with refused("ResourceConflictException", "The function is currently in the following state: Pending", 409):
        lambda_.update_function_configuration(FunctionName="f", Timeout=9)
    done()
    assert seen()["State"] == "Active"
    first = seen()["RevisionId"]
    with refused("PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id", 412):
        lambda_.update_function_configuration(FunctionName="f", Timeout=9, RevisionId="another")
    # Nothing is changed, and still it takes a while and two new revisions.
    second = lambda_.update_function_configuration(FunctionName="f", Timeout=3, RevisionId=first)
    assert second["LastUpdateStatus"] == "InProgress" and second["RevisionId"] not in [first], second
    assert seen()["RevisionId"] == second["RevisionId"]
    for change in [lambda: lambda_.update_function_configuration(FunctionName="f", Timeout=9),
                   lambda: lambda_.publish_version(FunctionName="f")]:
        with refused("ResourceConflictException", "An update is in progress for resource: " + second["FunctionArn"], 409):
            change()
    sandbox.kill()
    sandbox.start()
    lambda_ = sandbox.client("lambda")
    assert seen()["LastUpdateStatus"] == "InProgress"
    done()
    done()
    third = seen()
    assert third["LastUpdateStatus"] == "Successful" and third["RevisionId"] not in [first, second["RevisionId"]], third
    sandbox.fault(operation="UpdateFunctionConfiguration", times=1, fault={"kind": "failing-change", "reason": "because"})
    lambda_.update_function_configuration(FunctionName="f", Timeout=9)
    assert seen()["LastUpdateStatus"] == "InProgress"
    done()
    failed = seen()
    assert (failed["LastUpdateStatus"], failed["LastUpdateStatusReason"]) == ("Failed", "because"), failed
    assert failed["LastUpdateStatusReasonCode"] == "InvalidConfiguration", failed
    sandbox.fault(operation="UpdateFunctionConfiguration", times=1, fault="change-function")
    with refused("PreconditionFailedException"):
        lambda_.update_function_configuration(FunctionName="f", Timeout=9, RevisionId=failed["RevisionId"])
    assert seen()["Description"].startswith("changed by somebody")
    sandbox.stop()


def check_function_versions_and_aliases(sandbox):
    lambda_ = sandbox.client("lambda")
    arns = [publish(lambda_)["LayerVersionArn"] for _ in range(2)]
    function = make_function(lambda_, Layers=arns[:1])["FunctionArn"]
    first = lambda_.publish_version(FunctionName="f", Description="one")
    assert (first["Version"], first["FunctionArn"], first["Description"]) == ("1", function + ":1", "one"), first
    assert lambda_.publish_version(FunctionName="f")["Version"] == "1", "nothing was changed since"
    revision = lambda_.update_function_configuration(FunctionName="f", Layers=arns[1:])["RevisionId"]
    with refused("PreconditionFailedException", status=412):
        lambda_.publish_version(FunctionName="f", RevisionId=revision)
    with refused("InvalidParameterValueException", "is different from current CodeSHA256 in $LATEST"):
        lambda_.publish_version(FunctionName="f", CodeSha256="x")
    assert lambda_.publish_version(FunctionName="f")["Version"] == "2"
    for number, arn in enumerate(arns, 1):
        found = lambda_.get_function_configuration(FunctionName="f", Qualifier=str(number))
        assert found["Layers"][0]["Arn"] == arn and found["FunctionArn"] == f"{function}:{number}", found
    versions = lambda_.get_paginator("list_versions_by_function").paginate(FunctionName="f", PaginationConfig={"PageSize": 2})
    assert [version["Version"] for page in versions for version in page["Versions"]] == ["$LATEST", "1", "2"]

    with refused("ResourceNotFoundException", f"Cannot find alias arn: {function}:live", 404):
        lambda_.get_alias(FunctionName="f", Name="live")
    with refused("ResourceNotFoundException", f"Function not found: {function}:3", 404):
        lambda_.create_alias(FunctionName="f", Name="live", FunctionVersion="3")
    made = lambda_.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    assert made["AliasArn"] == function + ":live" and made["FunctionVersion"] == "1", made
    with refused("ResourceConflictException", "Alias already exists", 409):
        lambda_.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    assert lambda_.get_function_configuration(FunctionName="f", Qualifier="live")["Version"] == "1"
    with refused("PreconditionFailedException", status=412):
        lambda_.update_alias(FunctionName="f", Name="live", FunctionVersion="2", RevisionId="another")
    moved = lambda_.update_alias(FunctionName="f", Name="live", FunctionVersion="2", RevisionId=made["RevisionId"],
                                 RoutingConfig={"AdditionalVersionWeights": {"1": 0.25}})
    assert moved["RevisionId"] != made["RevisionId"] and moved["RoutingConfig"]["AdditionalVersionWeights"] == {"1": 0.25}, moved
    with refused("ResourceConflictException", "aliases reference it: [live]", 409):
        lambda_.delete_function(FunctionName="f", Qualifier="1")
    assert [alias["Name"] for alias in lambda_.list_aliases(FunctionName="f", FunctionVersion="1")["Aliases"]] == ["live"]
    lambda_.update_alias(FunctionName="f", Name="live", RoutingConfig={})
    lambda_.delete_function(FunctionName="f", Qualifier="1")
    assert lambda_.list_aliases(FunctionName="f", FunctionVersion="1")["Aliases"] == []
    lambda_.delete_alias(FunctionName="f", Name="live")
    lambda_.delete_alias(FunctionName="f", Name="live")
    with refused("ResourceNotFoundException"):
        lambda_.get_alias(FunctionName="f", Name="live")


def check_lists_of_functions(sandbox):
    lambda_ = sandbox.client("lambda")
    for number in range(51):
        make_function(lambda_, f"f-{number:02}", Publish=number < 2)
    page = lambda_.list_functions(MaxItems=10000)
    assert len(page["Functions"]) == 50 and page["NextMarker"], "no page has more than 50"
    rest = lambda_.list_functions(Marker=page["NextMarker"])
    assert [one["FunctionName"] for one in rest["Functions"]] == ["f-50"] and "NextMarker" not in rest, rest
    pages = lambda_.get_paginator("list_functions").paginate(FunctionVersion="ALL", PaginationConfig={"PageSize": 7})
    arns = [one["FunctionArn"].rpartition("function:")[2] for page in pages for one in page["Functions"]]
    assert len(arns) == 53 and arns[:4] == ["f-00:$LATEST", "f-00:1", "f-01:$LATEST", "f-01:1"], arns
    assert sandbox.client("lambda", "us-west-2").list_functions()["Functions"] == []
    assert sandbox.client("lambda", key="210987654321").list_functions()["Functions"] == []

    arn = "arn:aws:lambda:us-east-1:123456789012:function:f-00"
    lambda_.tag_resource(Resource=arn, Tags={"team": "data", "aws:cloudformation:stack-name": "shop"})
    lambda_.untag_resource(Resource=arn, TagKeys=["team", "none"])
    assert lambda_.list_tags(Resource=arn)["Tags"] == {"aws:cloudformation:stack-name": "shop"}
    with refused("ResourceNotFoundException"):
        lambda_.list_tags(Resource=arn + "0")
    with refused("InvalidParameterValueException", "not supported"):
        lambda_.list_tags(Resource=arn + ":1")
    sandbox.kill()
    sandbox.start()
    again = sandbox.client("lambda").get_function(FunctionName="f-00")
    assert again["Tags"] == {"aws:cloudformation:stack-name": "shop"}, again
    state = sandbox.control("GET", "state")["functions"]["123456789012/us-east-1/f-00"]
    assert state["versions"] == {"1": []} and state["tags"] == again["Tags"], state
    entry = sandbox.control("GET", "requests")["requests"][-1]
    assert (entry["operation"], entry["resource"]) == ("GetFunction", "f-00"), entry


def check_auto_create(directory):
    sandbox = Sandbox(directory)
    try:
        sandbox.client("s3", "eu-west-1").head_bucket(Bucket="headed")
        with refused("NoSuchKey"):
            sandbox.client("s3", "eu-west-1").get_object(Bucket="got", Key="key")
        put = sandbox.client("s3", "eu-west-1").put_object(Bucket="put", Key="key", Body=b"x")
        assert put["VersionId"]
        s3 = sandbox.client("s3")
        for bucket in ["headed", "got", "put"]:
            assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "eu-west-1"
    finally:
        sandbox.stop()


def check_quota_and_delays(directory):
    sandbox = Sandbox(
        directory, "--strict-buckets", "--lambda-requests-per-second", "15",
        "--s3-latency-ms", "30", "--lambda-latency-ms", "80", "--publish-latency-ms", "300",
    )
    try:
        client, other = sandbox.client("lambda", max_pool_connections=40), sandbox.client("lambda", "eu-west-1")
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            def call(_):
                try:
                    client.list_layers()
                    return "ok"
                except client.exceptions.TooManyRequestsException as error:
                    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 429
                    assert error.response["Error"]["Message"] == "Rate exceeded", error.response
                    return "throttled"
            results = list(pool.map(call, range(60)))
        assert 15 <= results.count("ok") and "throttled" in results, results.count("ok")
        other.list_layers()
        time.sleep(1)
        for call, least in [(lambda: publish(client), 0.3), (client.list_layers, 0.08), (sandbox.client("s3").list_buckets, 0.03)]:
            start = time.time()
            call()
            assert least <= time.time() - start, (least, time.time() - start)
        log = sandbox.control("GET", "requests")
        assert log["throttled"] == results.count("throttled") and log["max_in_flight"] > 1
        assert {entry["fault"] for entry in log["requests"] if entry["status"] == 429} == {"quota"}
    finally:
        sandbox.stop()


def check_faults(sandbox):
    s3, lambda_ = sandbox.client("s3", timeout=2), sandbox.client("lambda", timeout=2)
    s3.create_bucket(Bucket="bucket")
    data = layer_zip()
    s3.put_object(Bucket="bucket", Key="layer.zip", Body=data, Metadata={"manifest_md5": "m"})
    versions = lambda name="numpy": [v["Version"] for v in lambda_.list_layer_versions(LayerName=name)["LayerVersions"]]
    one = {"operation": "PublishLayerVersion", "times": 1}
    connection = (botocore.exceptions.ConnectionClosedError, botocore.exceptions.EndpointConnectionError)

    assert sandbox.fault(**one, match="nump", fault="throttle")[0]["struck"] == 0
    publish(lambda_, "pandas")
    with refused("TooManyRequestsException", "Rate exceeded", 429):
        publish(lambda_)
    assert sandbox.control("GET", "faults")[0]["struck"] == 1
    sandbox.fault(**one, fault={"kind": "throttle", "code": "ThrottlingException", "retry-after": 2})
    try:
        publish(lambda_)
        raise AssertionError("throttled")
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "ThrottlingException"
        assert error.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "2"
    sandbox.fault(**one, fault="error")
    with refused("ServiceException", status=500):
        publish(lambda_)
    sandbox.fault(**one, fault={"kind": "error", "status": 400, "code": "CodeStorageExceededException", "message": "full"})
    with refused("CodeStorageExceededException", "full", 400):
        publish(lambda_)
    sandbox.fault(**one, fault="access-denied")
    with refused("AccessDeniedException", "not authorized to perform: lambda:PublishLayerVersion on resource: "
                 "arn:aws:lambda:us-east-1:123456789012:layer:numpy", 403):
        publish(lambda_)
    sandbox.fault(**one, fault="cut-before")
    try:
        publish(lambda_)
        raise AssertionError("cut")
    except connection:
        pass
    assert versions() == []
    sandbox.fault(**one, fault="cut-after")
    try:
        publish(lambda_)
        raise AssertionError("cut")
    except connection:
        pass
    assert versions() == [1]
    for fault, expected in [("hang", [1]), ("hang-after", [2, 1])]:
        sandbox.fault(**one, fault=fault)
        try:
            publish(lambda_)
            raise AssertionError("hung")
        except botocore.exceptions.ReadTimeoutError:
            pass
        assert versions() == expected, (fault, versions())
    sandbox.fault(**one, fault={"kind": "hang", "seconds": 0.2})
    try:
        publish(lambda_)
        raise AssertionError("hung")
    except connection:
        pass
    for fault, expected in [("garbage", [2, 1]), ("garbage-after", [3, 2, 1])]:
        sandbox.fault(**one, fault=fault)
        try:
            answer = publish(lambda_)
            assert "Version" not in answer
        except botocore.parsers.ResponseParserError:
            pass
        assert versions() == expected, (fault, versions())
    start = time.time()
    sandbox.fault(**one, fault={"kind": "latency", "ms": 400})
    assert publish(lambda_)["Version"] == 4 and time.time() - start >= 0.4
    sandbox.fault(operation="ListLayerVersions", times=1, fault="stale-list")
    assert versions() == [3, 2, 1] and versions() == [4, 3, 2, 1]
    sandbox.fault(operation="ListLayers", times=1, fault={"kind": "stale-list", "versions": 2})
    latest = lambda: {l["LayerName"]: l["LatestMatchingVersion"]["Version"] for l in lambda_.list_layers()["Layers"]}
    assert latest() == {"numpy": 2} and latest() == {"numpy": 4, "pandas": 1}

    new = layer_zip({"python/other.py": b"other"})
    sandbox.fault(**one, fault={"kind": "replace-object", "body": base64.b64encode(new).decode()})
    answer = lambda_.publish_layer_version(LayerName="numpy", Content={"S3Bucket": "bucket", "S3Key": "layer.zip"})
    assert answer["Content"]["CodeSha256"] == sha256(new)
    found = s3.get_object(Bucket="bucket", Key="layer.zip")
    assert found["Body"].read() == new and found["Metadata"] == {"manifest_md5": "m"}
    # A client that leaves does not stop the work.
    sandbox.fault(**one, fault={"kind": "latency", "ms": 2500})
    try:
        publish(lambda_)
        raise AssertionError("slow")
    except botocore.exceptions.ReadTimeoutError:
        pass
    time.sleep(1)
    assert versions()[0] == 6

    # S3
    sandbox.fault(operation="PutObject", match="bucket/lock", skip=1, times=1, fault="throttle")
    s3.put_object(Bucket="bucket", Key="lock", Body=b"1")
    with refused("SlowDown", "Please reduce your request rate.", 503):
        s3.put_object(Bucket="bucket", Key="lock", Body=b"2")
    sandbox.fault(operation="PutObject", times=1, fault="cut-after")
    try:
        s3.put_object(Bucket="bucket", Key="lock", Body=b"3")
        raise AssertionError("cut")
    except connection:
        pass
    assert s3.get_object(Bucket="bucket", Key="lock")["Body"].read() == b"3"
    sandbox.fault(operation="HeadObject", times=1, fault="access-denied")
    with refused("403"):
        s3.head_object(Bucket="bucket", Key="lock")
    sandbox.fault(operation="GetObject", times=1, fault="access-denied")
    with refused("AccessDenied", 's3:GetObject on resource: "arn:aws:s3:::bucket/lock"', 403):
        s3.get_object(Bucket="bucket", Key="lock")
    sandbox.fault(operation="s3:*", times=1, fault={"kind": "error", "status": 503, "code": "ServiceUnavailable"})
    with refused("ServiceUnavailable", status=503):
        s3.put_object(Bucket="bucket", Key="lock", Body=b"x" * 500_000)
    sandbox.fault(operation="GetCallerIdentity", times=1, fault="throttle")
    with refused("Throttling"):
        sandbox.client("sts").get_caller_identity()
    # A client's own retries get through.
    sandbox.fault(operation="GetObject", times=2, fault="error")
    assert sandbox.client("s3", retries=4).get_object(Bucket="bucket", Key="lock")["Body"].read() == b"3"

    sandbox.control("DELETE", "faults")
    assert sandbox.control("GET", "faults") == []
    assert sandbox.control("GET", "requests?summary")["in_flight"] == 0
    for bad in [{"fault": "explode"}, {"fault": {"kind": "throttle", "seconds": 1}}, {"operations": "*", "fault": "hang"}]:
        try:
            sandbox.fault(**bad)
            raise AssertionError("a bad rule")
        except urllib.error.HTTPError as error:
            assert error.code == 400 and "not fault rules" in json.load(error)["error"]


def check_faults_of_a_file(directory):
    path = os.path.join(directory, "faults.json")
    with open(path, "w") as file:
        json.dump([{"operation": "ListLayers", "times": 1, "fault": "throttle"}], file)
    sandbox = Sandbox(os.path.join(directory, "data folder"), "--faults", path)
    try:
        with refused("TooManyRequestsException"):
            sandbox.client("lambda").list_layers()
        sandbox.client("lambda").list_layers()
    finally:
        sandbox.stop()


def check_request_log(sandbox):
    s3, lambda_ = sandbox.client("s3"), sandbox.client("lambda", "eu-west-1")
    s3.create_bucket(Bucket="bucket")
    sandbox.control("DELETE", "requests")
    s3.put_object(Bucket="bucket", Key="a/b", Body=b"x")
    publish(lambda_)
    with refused("404"):
        s3.head_object(Bucket="bucket", Key="missing")
    sandbox.client("sts").get_caller_identity()
    log = sandbox.control("GET", "requests")
    assert log["counts"] == {"GetCallerIdentity": 1, "HeadObject": 1, "PublishLayerVersion": 1, "PutObject": 1}, log["counts"]
    seen = [(r["service"], r["operation"], r["resource"], r["region"], r["status"]) for r in log["requests"]]
    assert seen[0] == ("s3", "PutObject", "bucket/a/b", "us-east-1", 200), seen
    assert seen[1] == ("lambda", "PublishLayerVersion", "numpy", "eu-west-1", 201), seen
    assert seen[2][4] == 404 and log["total"] == 4 and log["in_flight"] == 0
    assert [r["sequence"] for r in log["requests"]] == sorted(r["sequence"] for r in log["requests"])
    assert sandbox.control("GET", "requests?summary")["requests"] == []
    sandbox.control("DELETE", "requests")
    sandbox.fault(operation="ListLayers", fault={"kind": "latency", "ms": 300})
    client = sandbox.client("lambda", max_pool_connections=20)
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: client.list_layers(), range(20)))
    assert sandbox.control("GET", "requests")["max_in_flight"] == 20


def check_one_folder_one_sandbox(sandbox):
    second = subprocess.run([BINARY, "sandbox", "--dir", sandbox.directory], capture_output=True, text=True)
    assert second.returncode != 0 and "another sandbox is using" in second.stderr, second.stderr


def check_aws_cli(sandbox):
    aws = sandbox.aws
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "layer.zip")
        data = layer_zip({"python/noise": random.Random(2).randbytes(12 * MEBI)})
        with open(path, "wb") as file:
            file.write(data)
        aws("s3", "mb", "s3://cli-bucket")
        aws("s3", "cp", path, "s3://cli-bucket/layers/layer.zip", "--metadata", "manifest_md5=abc")
        assert "layer.zip" in aws("s3", "ls", "s3://cli-bucket/layers/")
        head = json.loads(aws("s3api", "head-object", "--bucket", "cli-bucket", "--key", "layers/layer.zip"))
        assert head["Metadata"] == {"manifest_md5": "abc"} and head["ContentLength"] == len(data)
        aws("s3", "cp", "s3://cli-bucket/layers/layer.zip", path + ".back")
        with open(path + ".back", "rb") as file:
            assert file.read() == data
        aws("s3", "cp", path, "s3://cli-bucket/small", "--expected-size", "1")
        published = json.loads(aws("lambda", "publish-layer-version", "--layer-name", "cli", "--content",
                                   "S3Bucket=cli-bucket,S3Key=layers/layer.zip", "--compatible-runtimes", "python3.12"))
        assert published["Content"]["CodeSha256"] == sha256(data)
        small = os.path.join(folder, "small.zip")
        with open(small, "wb") as file:
            file.write(layer_zip())
        assert json.loads(aws("lambda", "publish-layer-version", "--layer-name", "cli", "--zip-file", "fileb://" + small))["Version"] == 2
        assert len(json.loads(aws("lambda", "list-layer-versions", "--layer-name", "cli"))["LayerVersions"]) == 2
        assert "NoSuchKey" in aws("lambda", "publish-layer-version", "--layer-name", "cli", "--content",
                                  "S3Bucket=cli-bucket,S3Key=none", expect=1)
        assert json.loads(aws("sts", "get-caller-identity"))["Account"] == "123456789012"
        aws("s3", "rm", "--recursive", "s3://cli-bucket/")
        aws("s3", "rb", "s3://cli-bucket")


def check_kills(sandbox):
    """SIGKILL during uploads, publishes and deletions; every object that is listed then reads whole and right."""
    noise = random.Random(3)
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    confirmed, highest = {}, 0
    for round_ in range(6):
        clients = [(sandbox.client("s3"), sandbox.client("lambda")) for _ in range(6)]
        stop_at = time.time() + noise.uniform(0.2, 1.2)

        def work(worker):
            s3, lambda_ = clients[worker]
            own, top, step = {}, 0, 0
            noise = random.Random(f"{round_}/{worker}")
            try:
                while True:
                    step += 1
                    key = f"{worker}/{noise.randrange(6)}"
                    size = noise.choice([10, 5_000, 70_000, 1_500_000])
                    body = noise.randbytes(size)
                    own[key] = None
                    s3.put_object(Bucket="bucket", Key=key, Body=body, ChecksumAlgorithm="SHA256")
                    own[key] = hashlib.sha256(body).hexdigest()
                    if step % 3 == 0:
                        top = publish(lambda_, "layer", layer_zip({"python/x": body[:100]}))["Version"]
                    if step % 5 == 0:
                        own[key] = None
                        s3.delete_object(Bucket="bucket", Key=key)
                        own[key] = "deleted"
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
                return own, top

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            running = [pool.submit(work, worker) for worker in range(6)]
            time.sleep(max(0, stop_at - time.time()))
            sandbox.kill()
            results = [one.result() for one in running]
        sandbox.start()
        s3, lambda_ = sandbox.client("s3"), sandbox.client("lambda")
        for own, top in results:
            confirmed.update(own)
            highest = max(highest, top)
        listed = {}
        for page in s3.get_paginator("list_object_versions").paginate(Bucket="bucket"):
            for item in page.get("Versions", []):
                body = s3.get_object(Bucket="bucket", Key=item["Key"], VersionId=item["VersionId"], ChecksumMode="ENABLED")["Body"].read()
                assert len(body) == item["Size"] and etag(body) == item["ETag"], item
                if item["IsLatest"]:
                    listed[item["Key"]] = hashlib.sha256(body).hexdigest()
        for key, digest in confirmed.items():
            if digest is not None:
                assert listed.get(key, "deleted") == digest, (key, round_)
        versions = [v["Version"] for page in lambda_.get_paginator("list_layer_versions").paginate(LayerName="layer") for v in page["LayerVersions"]]
        assert len(versions) == len(set(versions)) and max(versions, default=0) >= highest
        if versions:
            highest = max(versions)
            found = lambda_.get_layer_version(LayerName="layer", VersionNumber=highest)
            with urllib.request.urlopen(found["Content"]["Location"]) as response:
                assert sha256(response.read()) == found["Content"]["CodeSha256"]
    assert highest > 0 and len(confirmed) > 5


def check_state_and_clock(sandbox):
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="a/b", Body=b"x", ContentType="text/plain", Metadata={"manifest_md5": "m"})
    s3.put_object(Bucket="bucket", Key="gone", Body=b"x")
    s3.delete_object(Bucket="bucket", Key="gone")
    publish(sandbox.client("lambda"))
    state = sandbox.control("GET", "state")
    objects = state["buckets"]["bucket"]["objects"]
    assert list(objects) == ["a/b"], objects
    seen = objects["a/b"]
    assert (seen["size"], seen["sha256"], seen["content_type"]) == (1, sha256(b"x"), "text/plain"), seen
    assert seen["metadata"] == {"manifest_md5": "m"} and f'"{seen["etag"]}"' == etag(b"x"), seen
    versions = state["layers"]["123456789012/us-east-1/numpy"]["versions"]
    assert versions["1"]["code_sha256"] == sha256(layer_zip()), versions

    def times():
        found = s3.head_object(Bucket="bucket", Key="a/b")
        headers = found["ResponseMetadata"]["HTTPHeaders"]
        date = email.utils.parsedate_to_datetime(headers["date"])
        return date.timestamp(), found["LastModified"].timestamp()

    before, written = times()
    assert abs(before - time.time()) < 5
    assert sandbox.control("POST", "clock", {"advance_seconds": 90})["ahead_seconds"] == 90
    after, still = times()
    assert 90 <= after - before < 100 and still == written
    s3.put_object(Bucket="bucket", Key="a/b", Body=b"x")
    assert times()[1] - written >= 90
    for bad in [{}, {"advance_seconds": -1}, {"advance_seconds": 1, "seconds": 1}]:
        try:
            sandbox.control("POST", "clock", bad)
            raise AssertionError("a bad advance")
        except urllib.error.HTTPError as error:
            assert error.code == 400


# Parameter Store


def check_parameters(sandbox):
    ssm = sandbox.client("ssm")
    with refused("ParameterNotFound", status=400):
        ssm.get_parameter(Name="/layers/numpy")
    with refused("ValidationException", "A parameter type is required"):
        ssm.put_parameter(Name="/layers/numpy", Value="1")
    put = ssm.put_parameter(Name="/layers/numpy", Value="1", Type="String")
    assert (put["Version"], put["Tier"]) == (1, "Standard"), put
    with refused("ParameterAlreadyExists", "set the overwrite option in the request to true", 400):
        ssm.put_parameter(Name="/layers/numpy", Value="2", Type="String")
    assert ssm.put_parameter(Name="/layers/numpy", Value="2", Overwrite=True)["Version"] == 2
    with refused("HierarchyTypeMismatchException"):
        ssm.put_parameter(Name="/layers/numpy", Value="2", Type="SecureString", Overwrite=True)
    found = ssm.get_parameter(Name="/layers/numpy")["Parameter"]
    assert (found["Value"], found["Version"], found["Type"], found["DataType"]) == ("2", 2, "String", "text"), found
    assert found["ARN"] == "arn:aws:ssm:us-east-1:123456789012:parameter/layers/numpy", found
    assert abs(found["LastModifiedDate"].timestamp() - time.time()) < 60, found
    assert ssm.get_parameter(Name="/layers/numpy:1")["Parameter"]["Value"] == "1"
    with refused("ParameterVersionNotFound"):
        ssm.get_parameter(Name="/layers/numpy:3")
    ssm.put_parameter(Name="sealed", Value="secret", Type="SecureString")
    assert "secret" not in ssm.get_parameter(Name="sealed")["Parameter"]["Value"]
    assert ssm.get_parameter(Name="sealed", WithDecryption=True)["Parameter"]["Value"] == "secret"
    several = ssm.get_parameters(Names=["sealed", "/none", "/layers/numpy"])
    assert [one["Name"] for one in several["Parameters"]] == ["sealed", "/layers/numpy"], several
    assert several["InvalidParameters"] == ["/none"], several
    with refused("ValidationException", "Member must have length less than or equal to 10"):
        ssm.get_parameters(Names=[f"/{number}" for number in range(11)])
    for name, code in [
        ("a/b", "ValidationException"),
        ("/ssm/x", "ValidationException"),
        ("awsome", "ValidationException"),
        ("/a b", "ValidationException"),
        ("/aws/service/x", "AccessDeniedException"),
        ("/x" * 16, "HierarchyLevelLimitExceededException"),
    ]:
        with refused(code):
            ssm.put_parameter(Name=name, Value="1", Type="String")
    with refused("ValidationException", "4096 characters"):
        ssm.put_parameter(Name="/large", Value="x" * 4097, Type="String")
    with refused("ParameterNotFound"):
        sandbox.client("ssm", "eu-west-1").get_parameter(Name="/layers/numpy")
    with refused("ParameterNotFound"):
        sandbox.client("ssm", key="210987654321").get_parameter(Name="/layers/numpy")
    with refused("InvalidSignatureException"):
        sandbox.client("ssm", secret="wrong").get_parameter(Name="/layers/numpy")
    sandbox.fault(operation="ssm:*", match="/layers/*", times=1, fault="access-denied")
    with refused("AccessDeniedException", "ssm:GetParameter on resource: arn:aws:ssm:us-east-1:123456789012:parameter/layers/numpy"):
        ssm.get_parameter(Name="/layers/numpy")
    sandbox.fault(operation="GetParameter", times=1, fault="throttle")
    with refused("ThrottlingException", "Rate exceeded", 400):
        ssm.get_parameter(Name="/layers/numpy")
    for number in range(3, 103):
        ssm.put_parameter(Name="/layers/numpy", Value=str(number), Overwrite=True)
    sandbox.kill()
    sandbox.start()
    ssm = sandbox.client("ssm")
    assert ssm.get_parameter(Name="/layers/numpy")["Parameter"]["Value"] == "102"
    assert ssm.get_parameter(Name="/layers/numpy:3")["Parameter"]["Value"] == "3"
    with refused("ParameterVersionNotFound"):
        ssm.get_parameter(Name="/layers/numpy:2")
    told = sandbox.aws("ssm", "get-parameter", "--name", "/layers/numpy", "--query", "Parameter.Value", "--output", "text")
    assert told.strip() == "102", told
    ssm.delete_parameter(Name="/layers/numpy")
    with refused("ParameterNotFound"):
        ssm.delete_parameter(Name="/layers/numpy")
    assert list(sandbox.control("GET", "state")["parameters"]["123456789012/us-east-1"]) == ["sealed"]


def run(name, check):
    """Whether it passed."""
    directory = tempfile.mkdtemp(prefix="sandbox-check-")
    sandbox = None
    start = time.time()
    try:
        if check.__code__.co_varnames[0] == "directory":
            check(directory)
        else:
            sandbox = Sandbox(directory, "--strict-buckets")
            check(sandbox)
        print(f"ok      {name} {time.time() - start:.1f} s", flush=True)
        return True
    except Exception:
        print(f"FAILED  {name}\n{traceback.format_exc()}", flush=True)
        return False
    finally:
        if sandbox is not None and sandbox.process.poll() is None:
            sandbox.stop()
        shutil.rmtree(directory, ignore_errors=True)


def main():
    chosen = sys.argv[2:]
    checks = [(name, check) for name, check in globals().items() if name.startswith("check_")]
    checks = [(name, check) for name, check in checks if not chosen or any(part in name for part in chosen)]
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        passed = list(pool.map(lambda one: run(*one), checks))
    sys.exit(0 if passed and all(passed) else 1)


if __name__ == "__main__":
    main()
