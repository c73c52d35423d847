#!/usr/bin/env node
// Starts the binary that npm installed for this platform, and ends as it ends.
"use strict";

const { spawn } = require("node:child_process");

const platform = `${process.platform}-${process.arch}`;

function binary() {
  const suffix = process.platform === "win32" ? ".exe" : "";
  try {
    return require.resolve(`@layership/${platform}/bin/layership${suffix}`);
  } catch {
    console.error(`error: there is no package \`@layership/${platform}\` beside \`layership\``);
    console.error("hint: install without `--omit=optional`, on the platform where it is to run; or `cargo install layership`");
    process.exit(2);
  }
}

const child = spawn(binary(), process.argv.slice(2), { stdio: "inherit" });

// The first signal lets a run finish what it is publishing, the second ends it at once. So the binary must see each
// signal once: Ctrl-C in a terminal reaches it by itself, as it reaches everything in the foreground.
const atTerminal = [0, 1, 2].some((fd) => require("node:tty").isatty(fd));
process.on("SIGINT", () => {
  if (!atTerminal) child.kill("SIGINT");
});
process.on("SIGTERM", () => child.kill("SIGTERM"));

child.on("error", (error) => {
  console.error(`error: cannot start the binary: ${error.message}`);
  process.exit(2);
});
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code);
  // Ended by a signal: this process ends by it as well, so that whoever waits sees it.
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
