//! How layership publishes a layer version exactly once, as a pure function: state and observation in, next step out.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking"))]
