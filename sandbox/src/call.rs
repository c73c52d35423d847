//! What a request asks for: service, operation, resource, and on whose behalf. The log, the faults and the quota go
//! by this; it is read off the request before anything is verified.

use hyper::Method;
use hyper::http::request::Parts;
use serde::Serialize;

use super::identity::Caller;
use super::lambda::{FunctionCall, LayerCall};
use super::signature::{self, Scope};
use super::store::Place;
use super::{form, ssm, text};

/// The services of the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Service {
    S3,
    Lambda,
    Sts,
    Ssm,
}

/// How paths of Lambda's API begin: of layers, of functions, of tags.
const LAMBDA: [&str; 3] = ["/2018-10-31/", "/2015-03-31/", "/2017-03-31/"];

impl Service {
    /// As in a signature's scope, and as IAM's actions begin.
    pub fn name(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Lambda => "lambda",
            Self::Sts => "sts",
            Self::Ssm => "ssm",
        }
    }

    /// By the signature's scope; an unsigned request is refused by the service that its path looks like.
    pub fn of(parts: &Parts, scope: Option<&Scope>) -> Self {
        match scope.map(|scope| scope.service.as_str()) {
            Some("s3") => Self::S3,
            Some("lambda") => Self::Lambda,
            Some("sts") => Self::Sts,
            Some("ssm") => Self::Ssm,
            _ if LAMBDA.iter().any(|root| parts.uri.path().starts_with(root)) => Self::Lambda,
            _ if ssm::is_meant(parts) => Self::Ssm,
            _ if parts.method == Method::POST && parts.uri.path() == "/" => Self::Sts,
            _ => Self::S3,
        }
    }
}

/// A request, as far as its head tells.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub service: Service,
    pub operation: &'static str,
    /// Name of a layer or function, bucket and key, role, or names of parameters; empty where the operation has none.
    pub resource: String,
    pub place: Place,
    pub caller: Caller,
    /// When it was signed, in milliseconds since 1970.
    pub signed: Option<i64>,
    /// The account that the bucket must belong to, as it says.
    pub bucket_owner: Option<String>,
    /// The layer API's view of the request, for Lambda.
    pub layer: Option<LayerCall>,
    /// The function API's view of it.
    pub function: Option<FunctionCall>,
}

impl Call {
    /// `body` is of use for STS, which names its actions there, for the names of parameters, and where a function is made.
    pub fn of(parts: &Parts, service: Service, region: &str, caller: Caller, body: &[u8]) -> Self {
        let place = Place { account: caller.account.clone(), region: region.to_owned() };
        let (path, query) = (parts.uri.path(), parts.uri.query());
        let (mut layer, mut function) = (None, None);
        let (operation, resource) = match service {
            Service::S3 => s3_operation(parts),
            Service::Sts => (form::action(body), form::role(body).unwrap_or_default()),
            Service::Ssm => (ssm::operation(parts), ssm::resource(body)),
            Service::Lambda => {
                layer = LayerCall::parse(&parts.method, path, query);
                function = FunctionCall::parse(&parts.method, path, query);
                match (&layer, &function) {
                    (Some(call), _) => (call.operation, layer_name(call)),
                    (None, Some(call)) => (call.operation, function_name(call, body)),
                    (None, None) => ("Unknown", String::new()),
                }
            }
        };
        let bucket_owner = parts.headers.get("x-amz-expected-bucket-owner");
        let bucket_owner = bucket_owner.and_then(|owner| owner.to_str().ok()).map(str::to_owned);
        let signed = signature::signed_at(parts);
        Self { service, operation, resource, place, caller, signed, bucket_owner, layer, function }
    }

    /// Bucket and key, for S3.
    pub fn bucket_and_key(&self) -> Option<(&str, &str)> {
        if self.service == Service::S3 { self.resource.split_once('/') } else { None }
    }
}

/// The plain name, where the request may have used an ARN.
fn layer_name(call: &LayerCall) -> String {
    let named = call.layer.as_deref().or_else(|| {
        let arn = call.parameter("Arn")?;
        arn.rsplit_once(':').map(|(layer, _version)| layer)
    });
    let name = named.unwrap_or_default();
    name.rsplit(':').next().unwrap_or(name).to_owned()
}

/// The plain name; the request that makes a function has it in its body.
fn function_name(call: &FunctionCall, body: &[u8]) -> String {
    let made =
        || Some(serde_json::from_slice::<serde_json::Value>(body).ok()?.get("FunctionName")?.as_str()?.to_owned());
    let name = if call.operation == "CreateFunction" { made() } else { None };
    name.unwrap_or_else(|| call.plain_name())
}

fn s3_operation(parts: &Parts) -> (&'static str, String) {
    let resource = text::percent_decode(parts.uri.path().trim_start_matches('/'));
    let (bucket, key) = resource.split_once('/').unwrap_or((&resource, ""));
    let query = text::query_pairs(parts.uri.query());
    let has = |name: &str| query.iter().any(|(other, _)| other == name);
    let method = parts.method.as_str();
    let operation = match (bucket.is_empty(), key.is_empty()) {
        (true, _) => "ListBuckets",
        (false, true) => bucket_operation(method, has),
        (false, false) => object_operation(method, has, parts.headers.contains_key("x-amz-copy-source")),
    };
    let resource = if key.is_empty() { bucket.to_owned() } else { resource };
    (operation, resource)
}

fn bucket_operation(method: &str, has: impl Fn(&str) -> bool) -> &'static str {
    match method {
        "HEAD" => "HeadBucket",
        "DELETE" if has("policy") => "DeleteBucketPolicy",
        "DELETE" => "DeleteBucket",
        "POST" => "DeleteObjects",
        "PUT" if has("versioning") => "PutBucketVersioning",
        "PUT" if has("policy") => "PutBucketPolicy",
        "PUT" => "CreateBucket",
        _ if has("versioning") => "GetBucketVersioning",
        _ if has("policy") => "GetBucketPolicy",
        _ if has("location") => "GetBucketLocation",
        _ if has("versions") => "ListObjectVersions",
        _ if has("uploads") => "ListMultipartUploads",
        _ if has("list-type") => "ListObjectsV2",
        _ => "ListObjects",
    }
}

fn object_operation(method: &str, has: impl Fn(&str) -> bool, is_copy: bool) -> &'static str {
    match method {
        "HEAD" => "HeadObject",
        "PUT" if has("partNumber") && is_copy => "UploadPartCopy",
        "PUT" if has("partNumber") => "UploadPart",
        "PUT" if is_copy => "CopyObject",
        "PUT" => "PutObject",
        "POST" if has("uploads") => "CreateMultipartUpload",
        "POST" => "CompleteMultipartUpload",
        "DELETE" if has("uploadId") => "AbortMultipartUpload",
        "DELETE" => "DeleteObject",
        _ if has("uploadId") => "ListParts",
        _ => "GetObject",
    }
}

/// The service and the scope that a request claims.
pub(super) fn identify(parts: &Parts) -> (Service, Option<Scope>) {
    let scope = signature::claimed_scope(parts);
    (Service::of(parts, scope.as_ref()), scope)
}

#[cfg(test)]
impl Call {
    /// A call of somebody, as tests of what goes by calls need it.
    pub fn sample(service: Service, operation: &'static str, resource: &str) -> Self {
        let place = Place { account: "123456789012".to_owned(), region: "eu-west-1".to_owned() };
        let caller = Caller {
            access_key: "sandbox".to_owned(),
            account: place.account.clone(),
            arn: "arn:aws:iam::123456789012:user/sandbox".to_owned(),
            issued: None,
        };
        Self {
            service,
            operation,
            resource: resource.to_owned(),
            place,
            caller,
            signed: None,
            bucket_owner: None,
            layer: None,
            function: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &str, uri: &str) -> (Service, &'static str, String) {
        let request = hyper::Request::builder().method(method).uri(uri).body(()).expect("a request");
        let (parts, ()) = request.into_parts();
        let (service, scope) = identify(&parts);
        let secret = crate::secret::Secret::new(None).expect("random");
        let caller = Caller::of(scope.as_ref(), None, "123456789012", &secret);
        let call = Call::of(&parts, service, "us-east-1", caller, b"Action=GetCallerIdentity");
        (call.service, call.operation, call.resource)
    }

    #[test]
    fn operations_are_told_from_the_head() {
        assert_eq!(call("PUT", "/b/a%20b/c"), (Service::S3, "PutObject", "b/a b/c".to_owned()));
        assert_eq!(call("GET", "/b/?list-type=2"), (Service::S3, "ListObjectsV2", "b".to_owned()));
        assert_eq!(call("PUT", "/b/k?partNumber=1&uploadId=x").1, "UploadPart");
        assert_eq!(call("POST", "/"), (Service::Sts, "GetCallerIdentity", String::new()));
        let published = (Service::Lambda, "PublishLayerVersion", "numpy".to_owned());
        assert_eq!(call("POST", "/2018-10-31/layers/numpy/versions"), published);
        let arn = "/2018-10-31/layers?find=LayerVersion&Arn=arn%3Aaws%3Alambda%3Ar%3A1%3Alayer%3Anumpy%3A3";
        assert_eq!(call("GET", arn).2, "numpy");
    }
}
