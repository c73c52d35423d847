//! Credentials, accounts, Regions, buckets and networks that are not what the layers file needs.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::{code, refused};
use crate::common::project::Project;
use crate::common::{Ended, control, run};

/// Publishes in another environment, which is to fail with this code.
#[track_caller]
fn refused_with(project: &Project, env: &[(&str, &str)], expected: &str) -> Ended {
    let mut command = project.command();
    for (name, value) in env {
        if value.is_empty() {
            command.env_remove(name)
        } else {
            command.env(name, value)
        };
    }
    project.forget_requests();
    let ended = run(command, ["publish", "--stage", "--report", "json=report.json"]).expect(1);
    assert_eq!(code(project), expected, "{}", ended.stderr);
    assert_eq!(project.writes(), [""; 0]);
    ended
}

#[test]
fn no_credentials() {
    let project = Project::of(&["requests"]);
    let none = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];
    assert_shown!(refused_with(&project, &none, "credentials"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: credentials

    error: requests at us-east-1: no AWS credentials for target `us-east-1`
      Caused by: the credential provider was not enabled: no credentials found in chain. Attempted:
                 Environment: the credential provider was not enabled: environment variable not set
                 Profile: the credential provider was not enabled
                 WebIdentityToken: the credential provider was not enabled: $AWS_WEB_IDENTITY_TOKEN_FILE was not set
                 EcsContainer: the credential provider was not enabled: ECS provider not configured
                 Ec2InstanceMetadata: the credential provider was not enabled: IMDS disabled by AWS_EC2_METADATA_DISABLED env var set to `true`

    hint: set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, log in with `aws sso login`, or try it with `--sandbox`

         Summary [  TIMEs] 1 job: 1 failed
    ");
    assert_eq!(project.requests(), [""; 0]);
}

#[test]
fn a_profile_that_does_not_exist() {
    let project = Project::of(&["requests"]);
    let env = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", ""), ("AWS_PROFILE", "prod")];
    assert_shown!(refused_with(&project, &env, "credentials"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: credentials

    error: requests at us-east-1: no AWS credentials for target `us-east-1`
      Caused by: the credential provider was not enabled: no credentials found in chain. Attempted:
                 Environment: the credential provider was not enabled: environment variable not set
                 Profile: the credential provider was not enabled
                 WebIdentityToken: the credential provider was not enabled: $AWS_WEB_IDENTITY_TOKEN_FILE was not set
                 EcsContainer: the credential provider was not enabled: ECS provider not configured
                 Ec2InstanceMetadata: the credential provider was not enabled: IMDS disabled by AWS_EC2_METADATA_DISABLED env var set to `true`

    hint: set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, log in with `aws sso login`, or try it with `--sandbox`

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn a_wrong_secret() {
    let project = Project::of(&["requests"]);
    assert_shown!(refused_with(&project, &[("AWS_SECRET_ACCESS_KEY", "wrong")], "credentials"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: credentials

    error: requests at us-east-1: the credentials were not accepted for target `us-east-1`
      Caused by: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.
      Caused by: SignatureDoesNotMatch (HTTP 403, request REQUEST)

    hint: check AWS_PROFILE, the environment or the target's `profile` and `role-arn`

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn credentials_of_another_account() {
    let project = Project::of(&["requests"]);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", format!("[targets]\nus-east-1 = {{ account = \"210987654321\" }}\n\n{layers}"));
    assert_shown!(refused_with(&project, &[], "wrong-account"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: wrong-account

    error: requests at us-east-1: target `us-east-1` declares account 210987654321, but the credentials belong to 123456789012

    hint: check AWS_PROFILE, or the target's `profile` and `role-arn`

         Summary [  TIMEs] 1 job: 1 failed
    ");
    assert_eq!(project.requests(), ["GetCallerIdentity "]);
}

#[test]
fn a_bucket_that_does_not_exist() {
    let project = Project::with_flags("", &["--strict-buckets"]);
    project.declare(&["requests"], "");
    assert_shown!(refused(&project, "", "bucket-missing"), @r"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: bucket-missing

    error: requests at us-east-1: the bucket of s3://artifacts/layers/requests/layer/layer.zip does not exist
      Caused by: NotFound (HTTP 404, request REQUEST)

    hint: correct `bucket` in the layers file, or create it with the credentials of the target, private and versioned: `aws s3api create-bucket --bucket artifacts --region us-east-1 && aws s3api put-bucket-versioning --bucket artifacts --region us-east-1 --versioning-configuration Status=Enabled`

         Summary [  TIMEs] 1 job: 1 failed
    ");
    assert_shown!(refused_after_trying(&project, "bucket-missing"), @r"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: bucket-missing

    error: requests at us-east-1: the bucket of s3://artifacts/layers/requests/layer/layer.zip does not exist
      Caused by: NotFound (HTTP 404, request REQUEST)

    hint: correct `bucket` in the layers file, or create it with the credentials of the target, private and versioned: `aws s3api create-bucket --bucket artifacts --region us-east-1 && aws s3api put-bucket-versioning --bucket artifacts --region us-east-1 --versioning-configuration Status=Enabled`

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

/// Staging learns only from the refused upload that there is no bucket.
#[track_caller]
fn refused_after_trying(project: &Project, expected: &str) -> Ended {
    let ended = project.run("publish --stage --report json=report.json", 1);
    assert_eq!(code(project), expected, "{}", ended.stderr);
    assert!(!project.writes().iter().any(|write| write.starts_with("Publish")));
    ended
}

#[test]
fn a_bucket_in_another_region() {
    let project = Project::of(&["requests"]);
    // The bucket is made where it is used first.
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", format!("[targets]\neu-west-1 = {{}}\n\n{layers}"));
    project.run("stage", 0);
    project.write("layers.toml", format!("[targets]\nus-east-1 = {{}}\n\n{layers}"));
    assert_shown!(refused(&project, "", "wrong-region"), @r#"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: wrong-region

    error: requests at us-east-1: the bucket of s3://artifacts/layers/requests/layer/layer.zip is in eu-west-1, the target in us-east-1
      Caused by: HTTP 301, request REQUEST

    hint: Lambda reads layers from buckets of its own Region only: give each Region its bucket, for example `bucket = "name-{region}"`

         Summary [  TIMEs] 1 job: 1 failed
    "#);
    assert_shown!(refused_after_trying(&project, "wrong-region"), @r#"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: wrong-region

    error: requests at us-east-1: the bucket of s3://artifacts/layers/requests/layer/layer.zip is in eu-west-1, the target in us-east-1
      Caused by: HTTP 301, request REQUEST

    hint: Lambda reads layers from buckets of its own Region only: give each Region its bucket, for example `bucket = "name-{region}"`

         Summary [  TIMEs] 1 job: 1 failed
    "#);
}

#[test]
fn a_port_where_nobody_listens() {
    let project = Project::of(&["requests"]);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://127.0.0.1:{port}");
    assert_shown!(refused_with(&project, &[("AWS_ENDPOINT_URL", &endpoint)], "network"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: network

    error: requests at us-east-1: no usable answer from STS to `sts:GetCallerIdentity` on target `us-east-1`
      Caused by: dispatch failure: io error: client error (Connect): tcp connect error: Connection refused (os error 111)

    hint: check the network, proxies and AWS_ENDPOINT_URL, then try again

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn a_host_that_does_not_exist() {
    let project = Project::of(&["requests"]);
    let ended = refused_with(&project, &[("AWS_ENDPOINT_URL", "http://layership.invalid")], "network");
    assert!(ended.stderr.contains("check the network"), "{}", ended.stderr);
}

#[test]
fn an_endpoint_that_is_no_url() {
    let project = Project::of(&["requests"]);
    let ended = refused_with(&project, &[("AWS_ENDPOINT_URL", "127.0.0.1 port 80")], "network");
    assert_shown!(ended, @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: network

    error: requests at us-east-1: no usable answer from STS to `sts:GetCallerIdentity` on target `us-east-1`
      Caused by: dispatch failure: other: endpoint is not a valid URI: invalid uri character

    hint: check the network, proxies and AWS_ENDPOINT_URL, then try again

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

/// Answers every connection with the same bytes.
fn answers(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 64 * 1024]);
                let _ = stream.write_all(bytes);
            });
        }
    });
    endpoint
}

#[test]
fn a_server_that_does_not_speak_http() {
    let project = Project::of(&["requests"]);
    let endpoint = answers(b"SSH-2.0-OpenSSH_9.9\r\n");
    assert_shown!(refused_with(&project, &[("AWS_ENDPOINT_URL", &endpoint)], "network"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: network

    error: requests at us-east-1: no usable answer from STS to `sts:GetCallerIdentity` on target `us-east-1`
      Caused by: dispatch failure: other: client error (SendRequest): invalid HTTP version parsed

    hint: check the network, proxies and AWS_ENDPOINT_URL, then try again

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn tls_where_there_is_none() {
    let project = Project::of(&["requests"]);
    let endpoint = project.sandbox.endpoint.replace("http:", "https:");
    assert_shown!(refused_with(&project, &[("AWS_ENDPOINT_URL", &endpoint)], "network"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: network

    error: requests at us-east-1: no usable answer from STS to `sts:GetCallerIdentity` on target `us-east-1`
      Caused by: dispatch failure: io error: client error (Connect): TLS handshake failed: received corrupt message of type InvalidContentType

    hint: check the network, proxies and AWS_ENDPOINT_URL, then try again

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn a_web_server_that_is_not_aws() {
    let project = Project::of(&["requests"]);
    let page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 26\r\nConnection: close\r\n\r\n<html>Hello, world</html>\n";
    let ended = refused_with(&project, &[("AWS_ENDPOINT_URL", &answers(page))], "network");
    assert_shown!(ended, @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: network

    error: requests at us-east-1: no usable answer from S3 to `s3:GetObject` on s3://artifacts/layers/requests/layer/layer.zip
      Caused by: the answer has no entity tag: it did not come from S3

    hint: check the network, proxies and AWS_ENDPOINT_URL, then try again

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn lambda_answers_garbage() {
    let project = Project::of(&["requests"]);
    project.run("stage", 0);
    project.inject(r#"[{"operation": "lambda:*", "fault": "garbage"}]"#);
    assert_shown!(refused(&project, "", "network"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: network

    error: requests at us-east-1: no usable answer from Lambda to `lambda:ListLayerVersions` on layer `requests` in us-east-1
      Caused by: HTTP 200

    hint: check the network, proxies and AWS_ENDPOINT_URL, then try again

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn a_service_that_never_answers() {
    let project = Project::of(&["requests"]);
    project.inject(r#"[{"operation": "sts:*", "fault": "hang"}]"#);
    // Whether the last attempt or all of them together run out of time first is chance.
    let ended = refused(&project, "--request-timeout-seconds 1", "timeout");
    for part in [
        "did not answer `sts:GetCallerIdentity` on target `us-east-1` in time",
        "hint: try again; `request-timeout-seconds` sets the deadline",
    ] {
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
    }
}

#[test]
fn permissions_that_are_missing() {
    let project = Project::of(&["requests"]);
    project.run("stage", 0);
    for (operation, action) in [
        ("HeadObject", "s3:GetObject"),
        ("ListLayerVersions", "lambda:ListLayerVersions"),
        ("PublishLayerVersion", "lambda:PublishLayerVersion"),
    ] {
        control(&project.sandbox, "DELETE", "/_sandbox/faults", "");
        project.inject(&format!(r#"[{{"operation": "{operation}", "fault": "access-denied"}}]"#));
        let ended = project.run("publish --report json=report.json", 1);
        assert_eq!(code(&project), "access-denied");
        assert!(ended.stderr.contains(&format!("hint: allow `{action}`")), "{}", ended.stderr);
        assert_eq!(project.json("report.json")["jobs"][0]["error"]["request_id"].as_str().unwrap().len(), 36);
    }
}
