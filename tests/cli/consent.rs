//! Layers that everybody may use: nobody shares them by accident.

use crate::common::project::{Project, layer};
use crate::common::{Ended, run};
use crate::share::{OTHER, can_read, policy, shared};

#[test]
fn everybody_needs_an_agreement_before_anything_is_started() {
    let project = shared(&["alpha"], "\"public\"");
    project.forget_requests();
    assert_shown!(project.run("publish --stage", 2), @"
    exit code 2
    --- stderr ---
    error: nobody can be asked whether to share 1 layer with everybody: alpha

    hint: agree with `--yes`, or take `public` out of `share`
    ");
    assert_eq!(project.requests(), [""; 0]);
    // To look is no reason to ask.
    project.run("stage", 0);
    project.run_writing_nothing("plan", 0);
    project.run_writing_nothing("publish --dry-run", 0);
    project.run("publish --yes", 0);
    assert_eq!(policy(&project, "alpha", 1), ["layership-public *"]);
    assert!(can_read(&project, OTHER, "alpha"));
    // Layers that are not selected do not count.
    let text = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", format!("{text}\n{}share = []\n", layer("beta")));
    project.write("beta/requirements.txt", "beta==1.0.0\n");
    project.write("beta/layer/python/beta.py", "");
    project.run("publish --stage beta", 0);
}

/// The binary at a terminal, with this typed into it when it asks. What it shows there is in `stdout`.
pub fn at_a_terminal(project: &Project, typed: &str, args: &str) -> Ended {
    at_a_terminal_after(project, &[], typed, args)
}

/// The same, where this command is run before the answer is typed. Behind ` > ` stands the file that its output goes to.
pub fn at_a_terminal_after(project: &Project, meanwhile: &[&str], typed: &str, args: &str) -> Ended {
    let script = "\
import os, pty, subprocess, sys
typed, meanwhile, output, *command = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    if output: os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT), 1)
    os.execvp(command[0], command)
said = b''
try:
    while b'[y/N]' not in said: said += os.read(terminal, 1000)
    if meanwhile: subprocess.run([command[0], *meanwhile.split()], check=True, capture_output=True)
    os.write(terminal, typed.encode())
    while more := os.read(terminal, 1000): said += more
except OSError: pass
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";
    let (args, output) = args.split_once(" > ").unwrap_or((args, ""));
    let of_binary = project.command();
    let mut command = crate::common::isolated("python3", project.folder());
    command.envs(of_binary.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.args(["-c", script, typed, &meanwhile.join(" "), output, crate::common::LAYERSHIP]);
    run(command, args.split(' '))
}

#[test]
fn somebody_at_a_terminal_is_asked() {
    let project = shared(&["alpha"], "\"public\"");
    for declined in ["n\n", "\n", "yes please\n"] {
        project.forget_requests();
        let ended = at_a_terminal(&project, declined, "publish --stage").expect(2);
        assert!(ended.stdout.contains("share 1 layer with everybody: alpha? [y/N]"), "{}", ended.stdout);
        assert!(ended.stdout.contains("not agreed: nothing was done"), "{}", ended.stdout);
        assert_eq!(project.requests(), [""; 0]);
    }
    at_a_terminal(&project, "y\n", "publish --stage").expect(0);
    assert_eq!(policy(&project, "alpha", 1), ["layership-public *"]);
}
