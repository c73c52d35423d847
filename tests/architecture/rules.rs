//! The rules, each a function from files to violations, so that each is itself tested on small inputs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::source::{File, named};

/// Something that a file may not do.
#[derive(Debug, PartialEq, Eq)]
pub struct Violation {
    path: String,
    line: usize,
    what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {}:{}: {}", self.path, self.line, self.what)
    }
}

/// Whether code is compiled, or runs, only on such a system, or only on others.
pub fn asks_for(code: &str, system: &str) -> bool {
    ["cfg", "cfg!"].iter().any(|cfg| code.contains(&format!("{cfg}({system})")))
        || code.contains(&format!("cfg(not({system}))"))
}

/// The order of the crate's modules: each uses only those before it.
#[derive(Debug)]
pub struct House(Vec<String>);

impl House {
    /// Reads the order from the list in the documentation of the crate's root.
    pub fn of(root: &str) -> Self {
        let items = root.lines().filter_map(|line| line.strip_prefix("//! - ")).collect::<Vec<_>>().join("\n");
        let names = items.split("[`").skip(1).filter_map(|rest| rest.split_once("`]")).map(|(name, _)| name.to_owned());
        Self(names.collect())
    }

    fn place(&self, module: &str) -> Option<usize> {
        self.0.iter().position(|other| other == module)
    }

    /// Modules that have no place in the list.
    pub fn unlisted(&self, files: &[File]) -> Vec<String> {
        let modules: BTreeSet<&str> = files.iter().filter_map(File::top).collect();
        modules.into_iter().filter(|module| self.place(module).is_none()).map(str::to_owned).collect()
    }

    /// Modules that are in the list but nowhere else.
    pub fn vanished(&self, files: &[File]) -> Vec<String> {
        self.0.iter().filter(|module| !files.iter().any(|file| file.top() == Some(module))).cloned().collect()
    }

    /// Imports of modules that come later in the list.
    pub fn upward_imports(&self, files: &[File]) -> Vec<Violation> {
        let mut violations = Vec::new();
        for file in files {
            let Some(own) = file.top().and_then(|module| self.place(module)) else { continue };
            for used in named(file) {
                let Some(other) = used.path.first() else { continue };
                if self.place(other).is_some_and(|place| place > own) {
                    let what = format!("uses `{}`, which is above `{}`", used.path.join("::"), self.0[own]);
                    violations.push(Violation { path: file.path.clone(), line: used.line, what });
                }
            }
        }
        violations
    }
}

/// An import, seen from where the two module paths part: `run::job` that uses `run::exactly_once::ending` uses
/// `run::exactly_once`.
struct Import<'a> {
    from: &'a [String],
    to: &'a [String],
    file: &'a File,
    line: usize,
}

/// All imports between modules of which none contains the other.
fn imports(files: &[File]) -> Vec<Import<'_>> {
    let modules: BTreeSet<&[String]> = files.iter().map(|file| file.module.as_slice()).collect();
    let mut imports = Vec::new();
    for file in files {
        for used in named(file) {
            let deepest = (1..=used.path.len()).rev().find_map(|depth| modules.get(&used.path[..depth]));
            let Some(other) = deepest.copied() else { continue };
            let common = file.module.iter().zip(other).take_while(|(own, other)| own == other).count();
            if common < file.module.len().min(other.len()) {
                let (from, to) = (&file.module[..=common], &other[..=common]);
                imports.push(Import { from, to, file, line: used.line });
            }
        }
    }
    imports
}

/// Circles of imports between modules that stand beside each other, whatever in them it is that imports.
pub fn circles(files: &[File]) -> Vec<Violation> {
    let imports = imports(files);
    let mut uses: BTreeMap<&[String], BTreeSet<&[String]>> = BTreeMap::new();
    for import in &imports {
        uses.entry(import.from).or_default().insert(import.to);
    }
    let reaches = |from: &[String], to: &[String]| {
        let mut seen = BTreeSet::new();
        let mut next = vec![from];
        while let Some(module) = next.pop() {
            for used in uses.get(module).into_iter().flatten() {
                if *used == to {
                    return true;
                }
                if seen.insert(*used) {
                    next.push(used);
                }
            }
        }
        false
    };
    let circular = imports.iter().filter(|import| reaches(import.to, import.from));
    let violations = circular.map(|import| Violation {
        path: import.file.path.clone(),
        line: import.line,
        what: format!("uses `{}`, which uses it", import.to.join("::")),
    });
    violations.collect()
}

/// Steps of a job, that is asynchronous functions of a file in `run`, that are entered from more than so many places in
/// other files: then the walk of a job would go back and forth.
pub fn often_entered(files: &[File], most: usize) -> Vec<Violation> {
    let run: Vec<&File> = files.iter().filter(|file| file.top() == Some("run")).collect();
    let mut violations = Vec::new();
    for file in &run {
        let steps: Vec<&str> = file.code.lines().filter_map(|line| line.strip_prefix("pub async fn ")).collect();
        let names: Vec<&str> = steps.iter().filter_map(|rest| rest.split(['(', '<']).next()).collect();
        let others = run.iter().filter(|other| other.path != file.path && knows(other, &file.module));
        let entered: usize = others.map(|other| names.iter().map(|name| calls(&other.code, name)).sum::<usize>()).sum();
        if entered > most {
            let what = format!("its steps are entered from {entered} places; {most} are the most");
            violations.push(Violation { path: file.path.clone(), line: 1, what });
        }
    }
    violations
}

/// Whether a file names this module, or contains it.
fn knows(file: &File, module: &[String]) -> bool {
    module.starts_with(&file.module) || named(file).iter().any(|used| used.path.starts_with(module))
}

/// How often a function is called.
fn calls(code: &str, name: &str) -> usize {
    let call = format!("{name}(");
    let starts = code.match_indices(&call).map(|(at, _)| &code[..at]);
    starts
        .filter(|before| {
            let is_word = before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
            !is_word && !before.trim_end().ends_with("fn")
        })
        .count()
}

/// What writes to the terminal, or draws on it.
const TERMINAL: [&str; 12] = [
    "println!",
    "print!",
    "eprintln!",
    "eprint!",
    "dbg!",
    "io::stdout",
    "io::stderr",
    "stdout()",
    "stderr()",
    "indicatif",
    "console::",
    "IsTerminal",
];

/// Uses of the terminal outside `report`.
pub fn terminal(files: &[File]) -> Vec<Violation> {
    words_outside(files, &["report"], &TERMINAL, "only `report` touches the terminal")
}

/// Names of the SDK outside `aws`.
pub fn sdk(files: &[File]) -> Vec<Violation> {
    let words = ["aws_sdk_", "aws_config", "aws_credential_types", "aws_smithy_"];
    words_outside(files, &["aws"], &words, "only `aws` names the SDK")
}

/// Names of the sandbox outside `commands`.
pub fn sandbox(files: &[File]) -> Vec<Violation> {
    words_outside(files, &["commands"], &["lambda_layers_sandbox"], "only `commands` know the sandbox")
}

/// Ways past the escape: text that is called shown without having been looked at.
pub fn unescaped(files: &[File]) -> Vec<Violation> {
    let files: Vec<&File> = files.iter().filter(|file| file.path != "report/escape.rs").collect();
    let words = ["format_args!", "Shown::format", "Escaped("];
    words_in(&files, &words, "only `shown!` makes text that may be shown")
}

fn words_outside(files: &[File], allowed: &[&str], words: &[&str], why: &str) -> Vec<Violation> {
    let outside = files.iter().filter(|file| !file.top().is_some_and(|top| allowed.contains(&top)));
    words_in(&outside.collect::<Vec<_>>(), words, why)
}

fn words_in(files: &[&File], words: &[&str], why: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files {
        for (number, line) in file.code.lines().enumerate() {
            violations.extend(words.iter().filter(|word| has_word(line, word)).take(1).map(|word| Violation {
                path: file.path.clone(),
                line: number + 1,
                what: format!("`{word}`: {why}"),
            }));
        }
    }
    violations
}

/// Whether the word stands there and is not the end of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// Places that switch a lint off.
pub fn allowed(files: &[File], lint: &str) -> Vec<Violation> {
    words_in(&files.iter().collect::<Vec<_>>(), &[lint], "mend it instead")
}

/// Files with more lines than one reads in one go.
pub fn long_files(files: &[File], most: usize) -> Vec<Violation> {
    let long = files.iter().map(|file| (file, file.text.lines().count())).filter(|(_, lines)| *lines > most);
    long.map(|(file, lines)| Violation {
        path: file.path.clone(),
        line: lines,
        what: format!("has {lines} lines; {most} are the most"),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house() -> House {
        House::of(
            "//! Text with [`no`] place in the list.\n//! - [`layer`]: words; [`aws`]: calls\n//! - [`report`]: screens\n",
        )
    }

    fn shown(violations: &[Violation]) -> Vec<String> {
        violations.iter().map(|violation| violation.to_string().trim().to_owned()).collect()
    }

    #[test]
    fn the_order_is_the_one_of_the_list() {
        assert_eq!(house().0, ["layer", "aws", "report"]);
    }

    #[test]
    fn modules_without_a_place_and_places_without_a_module_are_found() {
        let files = [File::new("layer.rs", ""), File::new("report/mod.rs", ""), File::new("new/mod.rs", "")];
        assert_eq!(house().unlisted(&files), ["new"]);
        assert_eq!(house().vanished(&files), ["aws"]);
    }

    #[test]
    fn an_import_upwards_is_found_and_one_downwards_is_none() {
        let files = [
            File::new("aws/s3.rs", "use crate::layer::Md5;\nuse crate::{layer, report::Style};"),
            File::new("layer.rs", "fn f() { super::aws::g() }"),
            File::new("report/mod.rs", "use crate::{aws, layer};\n#[cfg(test)]\nmod tests { use crate::commands; }"),
        ];
        let expected = [
            "aws/s3.rs:2: uses `report::Style`, which is above `aws`",
            "layer.rs:1: uses `aws::g`, which is above `layer`",
        ];
        assert_eq!(shown(&house().upward_imports(&files)), expected);
    }

    #[test]
    fn circles_are_found_beside_but_not_between_a_module_and_what_it_contains() {
        let files = [
            File::new("run/mod.rs", "use pool::run; pub struct Shared; use self::job::f;"),
            File::new("run/pool.rs", "use super::Shared; use super::job::f;"),
            File::new("run/job.rs", "use super::stop::Stop;"),
            File::new("run/stop.rs", "use crate::run::pool::g;"),
            File::new("run/log.rs", "use super::pool::g;"),
            File::new("aws/s3/mod.rs", "mod head; use super::lambda::f;"),
            File::new("aws/s3/head.rs", ""),
            File::new("aws/lambda.rs", "use super::s3::head::g;"),
        ];
        let expected = [
            "run/pool.rs:1: uses `run::job`, which uses it",
            "run/job.rs:1: uses `run::stop`, which uses it",
            "run/stop.rs:1: uses `run::pool`, which uses it",
            "aws/s3/mod.rs:1: uses `aws::lambda`, which uses it",
            "aws/lambda.rs:1: uses `aws::s3`, which uses it",
        ];
        assert_eq!(shown(&circles(&files)), expected);
    }

    #[test]
    fn steps_that_are_entered_from_too_many_places_are_found() {
        let files = [
            File::new("run/job.rs", "use super::look::{look, see}; fn f() { look(1); self.look(2); see(); }"),
            File::new("run/again.rs", "use super::look; fn look() { look::look(3).await }"),
            File::new("run/look.rs", "pub async fn look() { see() }\npub async fn see<T>() {}"),
            File::new("plan/look.rs", "use crate::run::look; fn f() { look::see(); }"),
        ];
        assert_eq!(shown(&often_entered(&files, 3)), [""; 0]);
        let expected = ["run/look.rs:1: its steps are entered from 3 places; 2 are the most"];
        assert_eq!(shown(&often_entered(&files, 2)), expected);
    }

    #[test]
    fn the_terminal_belongs_to_the_report() {
        let text = "fn f() {\n    println!(\"\");\n    writeln!(std::io::stderr()).ok();\n    emit::stdout(\"println!\"); // eprintln!\n}";
        let files =
            [File::new("run/pool.rs", text), File::new("report/emit.rs", text), File::new("main.rs", "dbg!(1)")];
        let expected = [
            "run/pool.rs:2: `println!`: only `report` touches the terminal",
            "run/pool.rs:3: `io::stderr`: only `report` touches the terminal",
            "main.rs:1: `dbg!`: only `report` touches the terminal",
        ];
        assert_eq!(shown(&terminal(&files)), expected);
    }

    #[test]
    fn text_that_is_shown_goes_through_the_escape() {
        let text = "fn f(name: &str) -> Shown {\n    Shown::format(format_args!(\"{name}\"))\n}";
        let files = [File::new("report/escape.rs", text), File::new("report/plan.rs", text)];
        let expected = ["report/plan.rs:2: `format_args!`: only `shown!` makes text that may be shown"];
        assert_eq!(shown(&unescaped(&files)), expected);
    }

    #[test]
    fn the_sdk_belongs_to_aws() {
        let text = "fn f(client: &aws_sdk_s3::Client) {}";
        let files = [File::new("run/stage.rs", text), File::new("aws/s3.rs", text)];
        assert_eq!(shown(&sdk(&files)), ["run/stage.rs:1: `aws_sdk_`: only `aws` names the SDK"]);
    }

    #[test]
    fn the_sandbox_is_known_to_commands_alone() {
        let text = "use lambda_layers_sandbox::Sandbox;";
        let files = [File::new("run/mod.rs", text), File::new("commands/sandbox.rs", text)];
        assert_eq!(
            shown(&sandbox(&files)),
            ["run/mod.rs:1: `lambda_layers_sandbox`: only `commands` know the sandbox"]
        );
    }

    #[test]
    fn long_files_are_found() {
        let files = [File::new("a.rs", "\n\n\n"), File::new("b.rs", "\n\n")];
        assert_eq!(shown(&long_files(&files, 2)), ["a.rs:3: has 3 lines; 2 are the most"]);
    }
}
