//! A request to the function API, taken apart, and which function it means.

use hyper::{Method, StatusCode};
use serde::de::DeserializeOwned;

use super::super::errors::Refusal;
use super::super::validate::{Validation, is_name_char};
use crate::account::{is_account, partition};
use crate::store::Place;
use crate::text;

const FUNCTIONS: &str = "/2015-03-31/functions";
const TAGS: &str = "/2017-03-31/tags";

/// A request to the function API, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FunctionCall {
    pub operation: &'static str,
    /// The function's name or ARN, where the path has one.
    pub function: Option<String>,
    /// The alias that the path names.
    pub alias: Option<String>,
    pub query: Vec<(String, String)>,
}

impl FunctionCall {
    /// Takes a request apart; none is one that the function API does not have.
    pub fn parse(method: &Method, path: &str, query: Option<&str>) -> Option<Self> {
        let (root, rest) = match (path.strip_prefix(FUNCTIONS), path.strip_prefix(TAGS)) {
            (Some(rest), _) => (FUNCTIONS, rest),
            (_, Some(rest)) => (TAGS, rest),
            _ => return None,
        };
        let segments: Vec<String> = rest.split('/').filter(|part| !part.is_empty()).map(text::percent_decode).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let operation = match (root, method.as_str(), &segments[..]) {
            (FUNCTIONS, "GET", []) => "ListFunctions",
            (FUNCTIONS, "POST", []) => "CreateFunction",
            (FUNCTIONS, "GET", [_]) => "GetFunction",
            (FUNCTIONS, "DELETE", [_]) => "DeleteFunction",
            (FUNCTIONS, "GET", [_, "configuration"]) => "GetFunctionConfiguration",
            (FUNCTIONS, "PUT", [_, "configuration"]) => "UpdateFunctionConfiguration",
            (FUNCTIONS, "GET", [_, "versions"]) => "ListVersionsByFunction",
            (FUNCTIONS, "POST", [_, "versions"]) => "PublishVersion",
            (FUNCTIONS, "GET", [_, "aliases"]) => "ListAliases",
            (FUNCTIONS, "POST", [_, "aliases"]) => "CreateAlias",
            (FUNCTIONS, "GET", [_, "aliases", _]) => "GetAlias",
            (FUNCTIONS, "PUT", [_, "aliases", _]) => "UpdateAlias",
            (FUNCTIONS, "DELETE", [_, "aliases", _]) => "DeleteAlias",
            (TAGS, "GET", [_]) => "ListTags",
            (TAGS, "POST", [_]) => "TagResource",
            (TAGS, "DELETE", [_]) => "UntagResource",
            _ => return None,
        };
        let segment = |at: usize| segments.get(at).map(|&text| text.to_owned());
        Some(Self { operation, function: segment(0), alias: segment(2), query: text::query_pairs(query) })
    }

    /// A query parameter that is not empty.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let value = self.query.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    /// Every value of a query parameter.
    pub fn parameters(&self, name: &str) -> impl Iterator<Item = &str> {
        self.query.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The function that the path names, with its qualifier.
    pub(super) fn named(&self, place: &Place) -> Result<Named, Refusal> {
        let mut named = Named::parse(self.function.as_deref().unwrap_or_default(), place)?;
        let asked = self.parameter("Qualifier").map(str::to_owned);
        if let (Some(one), Some(other)) = (&named.qualifier, &asked)
            && one != other
        {
            let message = "The derived qualifier from the function name does not match the specified qualifier.";
            return Err(Refusal::invalid_parameter(message));
        }
        named.qualifier = named.qualifier.or(asked);
        Ok(named)
    }

    /// The plain name, for logs and faults.
    pub fn plain_name(&self) -> String {
        let place = Place { account: String::new(), region: String::new() };
        split(self.function.as_deref().unwrap_or_default(), &place).map(|named| named.name).unwrap_or_default()
    }
}

/// A function, by where it lives and its name, with a version or alias of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub place: Place,
    pub name: String,
    pub qualifier: Option<String>,
}

impl Named {
    /// From a name, a name with a qualifier, an ARN or a part of one.
    pub fn parse(text: &str, place: &Place) -> Result<Self, Refusal> {
        let named = split(text, place).filter(|named| is_name(&named.name) && named.name.len() <= 64);
        let named = named.ok_or_else(|| {
            let mut validation = Validation::default();
            let pattern = "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?\
                           (function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?";
            validation.problem(
                text,
                "functionName",
                format!("Member must satisfy regular expression pattern: {pattern}"),
            );
            validation.finish().err().unwrap_or_else(Refusal::no_such_version)
        })?;
        if named.place.region != place.region {
            return Err(Refusal::not_found(format!(
                "Functions from '{}' are not reachable in this region ('{}')",
                named.place.region, place.region
            )));
        }
        Ok(named)
    }

    /// Without a qualifier.
    pub fn arn(&self) -> String {
        function_arn(&self.place, &self.name)
    }

    /// With the qualifier that was asked for.
    pub fn qualified_arn(&self) -> String {
        match &self.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", self.arn()),
            None => self.arn(),
        }
    }

    /// What Lambda says of a function or version that is not there.
    pub fn missing(&self) -> Refusal {
        Refusal::not_found(format!("Function not found: {}", self.qualified_arn()))
    }
}

/// A function's ARN.
pub(crate) fn function_arn(place: &Place, name: &str) -> String {
    let Place { account, region } = place;
    format!("arn:{}:lambda:{region}:{account}:function:{name}", partition(region))
}

fn split(text: &str, here: &Place) -> Option<Named> {
    let parts: Vec<&str> = text.split(':').collect();
    let (place, rest) = match &parts[..] {
        ["arn", _, "lambda", region, account, "function", rest @ ..] if is_account(account) => {
            (Place { account: (*account).to_owned(), region: (*region).to_owned() }, rest)
        }
        [account, "function", rest @ ..] if is_account(account) => {
            (Place { account: (*account).to_owned(), region: here.region.clone() }, rest)
        }
        ["function", rest @ ..] => (here.clone(), rest),
        rest => (here.clone(), rest),
    };
    let (name, qualifier) = match rest {
        [name] => (name, None),
        [name, qualifier] => (name, Some((*qualifier).to_owned())),
        _ => return None,
    };
    Some(Named { place, name: (*name).to_owned(), qualifier })
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_name_char)
}

/// The body of a request.
pub(super) fn parse_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        let message = format!("Could not parse request body into json: {error}");
        Refusal::new(StatusCode::BAD_REQUEST, "InvalidRequestContentException", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(method: Method, path: &str) -> Option<&'static str> {
        FunctionCall::parse(&method, path, None).map(|call| call.operation)
    }

    #[test]
    fn requests_are_taken_apart() {
        assert_eq!(operation(Method::GET, "/2015-03-31/functions/"), Some("ListFunctions"));
        assert_eq!(
            operation(Method::PUT, "/2015-03-31/functions/f/configuration"),
            Some("UpdateFunctionConfiguration")
        );
        assert_eq!(operation(Method::PUT, "/2015-03-31/functions/f/code"), None);
        assert_eq!(operation(Method::GET, "/2018-10-31/layers"), None);
        let call = FunctionCall::parse(
            &Method::GET,
            "/2017-03-31/tags/arn%3Aaws%3Alambda%3Ar%3A123456789012%3Afunction%3Af",
            None,
        );
        let call = call.expect("parsed");
        assert_eq!((call.operation, call.plain_name().as_str()), ("ListTags", "f"));
        let call = FunctionCall::parse(&Method::GET, "/2015-03-31/functions/f/aliases/live", None).expect("parsed");
        assert_eq!((call.operation, call.alias.as_deref()), ("GetAlias", Some("live")));
    }

    #[test]
    fn a_function_has_many_names() {
        let here = Place { account: "123456789012".to_owned(), region: "eu-west-1".to_owned() };
        let named = |text: &str| Named::parse(text, &here).map(|named| (named.arn(), named.qualifier));
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:f".to_owned();
        for text in ["f", "function:f", "123456789012:function:f", &arn] {
            assert_eq!(named(text).expect(text), (arn.clone(), None));
            assert_eq!(named(&format!("{text}:live")).expect(text), (arn.clone(), Some("live".to_owned())));
        }
        for text in ["", "a b", "a:b:c", "arn:aws:lambda:us-east-1:123456789012:function:f", &"f".repeat(65)] {
            assert!(named(text).is_err(), "{text}");
        }
    }
}
