import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { findBinary, testPrograms } from '../e2e/services/binaries.mjs';
import { runCommand } from './workspace.mjs';

const policyPath = '/usr/sbin/policy-rc.d';

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}

/** True if we can install system packages: as root on Debian or a derivative. */
function canInstall() {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && Boolean(findBinary('apt-get'));
}

/**
 * Installs Debian packages without starting their services: tests start private ones only.
 * @param {string[]} packages
 */
async function installDebianPackages(packages) {
  const hadPolicy = existsSync(policyPath);
  if (!hadPolicy) {
    writeFileSync(policyPath, '#!/bin/sh\nexit 101\n');
    chmodSync(policyPath, 0o755);
  }
  try {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    const update = await runCommand('apt-get', ['update', '-q'], { env });
    if (update.code !== 0) return update;
    return await runCommand('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages], {
      env,
    });
  } finally {
    if (!hadPolicy) rmSync(policyPath, { force: true });
  }
}

/**
 * Installs the servers and the browser that the tests use, if allowed, and reports what is missing.
 * @param {{ mayInstall: boolean }} options
 */
export async function bringTestPrograms({ mayInstall }) {
  const missing = testPrograms.filter((program) => !program.isPresent());
  if (missing.length > 0 && mayInstall && canInstall()) {
    const packages = missing.map((program) => program.debianPackage);
    print(
      `Installing from Debian, for the tests only: ${packages.join(', ')} (-- --no-install forbids it) …`,
    );
    const result = await installDebianPackages(packages);
    if (result.code !== 0)
      print(`${result.output.slice(-3000)}\napt-get failed; the tests that need these are skipped.`);
  }
  const absent = testPrograms.filter((program) => !program.isPresent());
  for (const program of absent) print(`Absent: ${program.name}. Tests that need it are skipped and listed.`);
}
