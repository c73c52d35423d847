// What pnpm's own reader finds in a lock file; prints JSON: a list of names and versions.
//
// Usage: node pnpm.mjs TOOLS FILE UTILS FOLDER. FILE and UTILS name the packages of pnpm that know the lock file's version,
// installed in TOOLS; the lock file lies in FOLDER.
import { createRequire } from 'node:module';

const [, , tools, file, utils, folder] = process.argv;
const require = createRequire(`${tools}/`);
const { readWantedLockfile } = require(file);
const { nameVerFromPkgSnapshot } = require(utils);
const lock = await readWantedLockfile(folder, { ignoreIncompatible: false });
const found = Object.entries(lock.packages).map(([path, snapshot]) => nameVerFromPkgSnapshot(path, snapshot));
console.log(JSON.stringify(found.map(({ name, version }) => [name, version])));
