#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| layership_fuzz::git_lists(bytes));
