// Imported first by every script: stops with one clear line on a Node that cannot run Comfleet.
const parts = process.versions.node.split('.').map(Number);
const major = parts[0] || 0;
const minor = parts[1] || 0;
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `Comfleet needs Node 20.19 or newer; this is Node ${process.versions.node}.\n` +
      'Install a current version from https://nodejs.org and try again.\n',
  );
  process.exit(1);
}
