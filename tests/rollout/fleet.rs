//! Layers with two versions each, and functions that use them.

use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_lambda::operation::create_function::builders::CreateFunctionFluentBuilder;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Architecture, FunctionCode, Runtime};
use futures::StreamExt as _;
use serde_json::Value;

use crate::common::project::Project;
use crate::common::zips::zip;
use crate::common::{Ended, requirements};

/// A project, and functions of its account.
pub struct Fleet {
    pub project: Project,
    runtime: tokio::runtime::Runtime,
    lambda: Client,
}

impl Fleet {
    /// These layers, each published twice.
    pub fn of(layers: &[&str]) -> Self {
        Self::with_flags(layers, &[])
    }

    /// The same, at a sandbox with further flags.
    pub fn with_flags(layers: &[&str], flags: &[&str]) -> Self {
        let project = Project::with_flags("", flags);
        project.declare(layers, "");
        project.run("publish --stage", 0);
        for layer in layers {
            project.build(layer, requirements(layer, "2.0.0"));
        }
        project.run("publish --stage", 0);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let lambda = aws_sdk_lambda::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(&project.sandbox.endpoint)
            .credentials_provider(Credentials::new("sandbox", &project.sandbox.secret, None, None, "test"))
            .retry_config(RetryConfig::standard().with_max_attempts(30))
            .build();
        Self { project, runtime, lambda: Client::from_conf(lambda) }
    }

    fn creation(&self, name: &str, layers: &[&str]) -> CreateFunctionFluentBuilder {
        let code = FunctionCode::builder().zip_file(Blob::new(zip(&[("app.py", "x = 1")]))).build();
        self.lambda
            .create_function()
            .function_name(name)
            .role("arn:aws:iam::123456789012:role/r")
            .runtime(Runtime::from("python3.12"))
            .handler("app.handler")
            .code(code)
            .set_layers(Some(layers.iter().map(|layer| arn(layer)).collect()))
    }

    /// A function that uses these layers, such as `alpha:1`.
    pub fn function(&self, name: &str, layers: &[&str]) {
        self.made(name, layers, |creation| creation);
    }

    /// The same with something else, too.
    pub fn made(
        &self,
        name: &str,
        layers: &[&str],
        with: impl FnOnce(CreateFunctionFluentBuilder) -> CreateFunctionFluentBuilder,
    ) {
        self.runtime.block_on(with(self.creation(name, layers)).send()).expect("a function");
    }

    /// So many functions at once.
    pub fn many(&self, count: usize, layers: &[&str]) {
        let made = futures::stream::iter((0..count).map(|n| self.creation(&format!("f-{n:03}"), layers).send()));
        let made = async { made.buffer_unordered(16).collect::<Vec<_>>().await };
        self.runtime.block_on(made).into_iter().for_each(|made| drop(made.expect("a function")));
    }

    pub fn on(&self, name: &str, runtime: &str, architecture: &str) {
        self.made(name, &["alpha:1"], |creation| {
            creation.runtime(Runtime::from(runtime)).architectures(Architecture::from(architecture))
        });
    }

    /// Somebody sets the layers of a function.
    pub fn set(&self, name: &str, layers: &[&str]) {
        let layers = layers.iter().map(|layer| arn(layer)).collect();
        let set = self.lambda.update_function_configuration().function_name(name).set_layers(Some(layers));
        self.runtime.block_on(set.send()).expect("changed");
    }

    pub fn publish(&self, name: &str) {
        self.runtime.block_on(self.lambda.publish_version().function_name(name).send()).expect("a version");
    }

    pub fn alias(&self, name: &str, alias: &str, version: &str) {
        let made = self.lambda.create_alias().function_name(name).name(alias).function_version(version);
        self.runtime.block_on(made.send()).expect("an alias");
    }

    pub fn lead(&self, name: &str, alias: &str, version: &str) {
        let led = self.lambda.update_alias().function_name(name).name(alias).function_version(version);
        self.runtime.block_on(led.send()).expect("an alias");
    }

    pub fn delete_layer(&self, name: &str, version: i64) {
        let deleted = self.lambda.delete_layer_version().layer_name(name).version_number(version);
        self.runtime.block_on(deleted.send()).expect("deleted");
    }

    /// What the sandbox itself tells of the functions.
    pub fn functions(&self) -> Value {
        self.project.state()["functions"].clone()
    }

    /// The layers of a function, such as `alpha:1`.
    pub fn layers(&self, name: &str) -> Vec<String> {
        let functions = self.functions();
        let layers = functions[format!("123456789012/us-east-1/{name}")]["layers"].as_array().expect(name).clone();
        layers.iter().map(|arn| arn.as_str().unwrap().rsplit_once("layer:").unwrap().1.to_owned()).collect()
    }

    /// Runs `rollout` and asserts its exit code.
    #[track_caller]
    pub fn rollout(&self, args: &str, code: i32) -> Ended {
        self.project.run(&format!("rollout {args}"), code)
    }

    /// The same, and what it printed as JSON.
    #[track_caller]
    pub fn report(&self, args: &str, code: i32) -> Value {
        self.rollout(&format!("--format json {args}"), code).report()
    }

    /// The requests of these operations so far.
    pub fn asked(&self, operations: &[&str]) -> Vec<String> {
        let requests = self.project.requests();
        requests
            .into_iter()
            .filter(|one| operations.iter().any(|operation| one.split(' ').next() == Some(operation)))
            .collect()
    }
}

/// The ARN of `alpha:1`.
pub fn arn(layer: &str) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:layer:{layer}")
}

/// How a function ended, and its code, by the report.
pub fn outcome(report: &Value, name: &str) -> String {
    let functions = report["functions"].as_array().expect("functions");
    let Some(one) = functions.iter().find(|one| one["function"] == name) else { return "absent".to_owned() };
    let code = one["refusal"]["code"].as_str().or(one["error"]["code"].as_str()).unwrap_or_default();
    format!("{} {code}", one["outcome"].as_str().unwrap()).trim().to_owned()
}
