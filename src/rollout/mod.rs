//! Functions that use an older version of a layer, and how they get the newest one: what is to be changed, what is left
//! alone and why, and what was there before. Pure: Lambda is asked by `run`.

mod aim;
mod function;
mod judge;
mod outcome;
mod record;
mod refusal;
#[cfg(test)]
mod samples;
mod size;

pub use aim::{Aim, Change, Next, restored};
pub use function::{Alias, Function, Newest, Published, Standing};
pub use judge::{Choice, Found, Judged, Move, judge};
pub use outcome::{AliasMoved, FunctionOutcome, FunctionReport, RolloutMode, RolloutSummary};
pub use record::{AliasRecord, FunctionRecord, Record};
pub use refusal::{Refusal, RefusalCode};
pub use size::{Sum, is_no_larger, sum, surely_fits};
